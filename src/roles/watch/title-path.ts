/**
 * The path inside the title folder that a request path (after `/title/`, still percent-encoded) names, or null when it is none:
 * no empty, hidden or climbing part, no separator or control character behind an escape.
 */
export function titlePath(encoded: string): string | null {
  const parts: string[] = [];
  for (const part of encoded.split('/')) {
    const name = decoded(part);
    if (name === null || name === '' || name.startsWith('.') || /[/\\:\p{Cc}]/u.test(name)) return null;
    parts.push(name);
  }
  return parts.join('/');
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

const CONTENT_TYPES: { readonly [extension: string]: string } = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  jpg: 'image/jpeg',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  m3u8: 'application/vnd.apple.mpegurl',
  m4v: 'video/x-m4v',
  mp4: 'video/mp4',
  mpd: 'application/dash+xml',
  png: 'image/png',
  vtt: 'text/vtt; charset=utf-8',
};

export function contentType(file: string): string {
  return CONTENT_TYPES[file.slice(file.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
}
