/** One attribute of a tag: name and value as written. */
export type Attribute = readonly [name: string, value: string];

/** A quoted-string (RFC 8216 section 4.2): it cannot hold line ends or double quotes, so they are replaced. */
export function quoted(text: string): string {
  return `"${text.replace(/"/g, "'").replace(/[\r\n]/g, ' ')}"`;
}

/** `TAG:NAME=value,…`, without the attributes that are null. */
export function tagLine(tag: string, attributes: readonly (Attribute | null)[]): string {
  const list = attributes.filter((attribute) => attribute !== null).map(([name, value]) => `${name}=${value}`);
  return `#${tag}:${list.join(',')}`;
}

const ATTRIBUTE = /([A-Z0-9-]{1,64})=("[^"\r\n]{0,4096}"|[^",\s]{1,4096})(,|$)/y;

/** Reads an attribute list; quotes are taken off. Throws RangeError on any other text or a name given twice. */
export function parseAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    ATTRIBUTE.lastIndex = at;
    const match = ATTRIBUTE.exec(text);
    if (!match) throw new RangeError(`HLS: attribute list not understood at character ${at}`);
    if (attributes.has(match[1])) throw new RangeError(`HLS: attribute ${match[1]} is there twice`);
    attributes.set(match[1], match[2].startsWith('"') ? match[2].slice(1, -1) : match[2]);
    at = ATTRIBUTE.lastIndex;
  }
  return attributes;
}
