/** Where objects are kept, and how to get there. */
export type S3Settings = {
  /** `http(s)://host:port` of a server of one's own; null: AWS in `region`. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly bucket: string;
  /** Stands before every key, with its last slash; empty: the bucket is ours alone. */
  readonly prefix: string;
  /** The bucket in the path instead of the host name, as most servers of one's own want it. */
  readonly pathStyle: boolean;
  /** Null: found as the AWS SDK finds them (environment, profile, role of the machine). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string } | null;
  /** PEM texts: authorities to trust instead of the system's, and a client certificate with its key. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null;
};
