/** Where a server keeps its data beyond its end, and the first of the ports that it takes; instead of a folder and ports of its own that are gone with it. */
export type KeptPlace = { readonly folder: string; readonly port: number };
