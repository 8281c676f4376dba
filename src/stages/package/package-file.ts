/** A file of the package folder and where its bytes are stored. */
export type PackageFile = {
  /** Path relative to the title folder or, inside this stage, to the package folder. */
  readonly file: string;
  readonly objectKey: string;
  readonly sizeBytes: number;
  readonly sha256: string;
};

/** Bytes stored as an object. */
export type StoredObject = Omit<PackageFile, 'file'>;

/** The package inside the title folder. */
export const PACKAGE_FOLDER = 'package';
export const MULTIVARIANT_FILE = 'master.m3u8';
export const MPD_FILE = 'manifest.mpd';
export const THUMBNAILS_FILE = 'thumbnails.vtt';
