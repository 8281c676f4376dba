/** An element with its attributes, child elements and own text. */
export type XmlElement = {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  readonly text: string;
};

export type XmlContent = string | readonly (string | null)[];

/** Writes one element; null attributes and null children are left out. A string as content is text and is escaped, a list holds written elements. */
export function element(name: string, attributes: { readonly [name: string]: string | number | null | undefined }, content: XmlContent = []): string {
  const list = Object.entries(attributes).filter(([, value]) => value !== null && value !== undefined);
  const open = `<${name}${list.map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`).join('')}`;
  if (typeof content === 'string') return `${open}>${escapeXml(content)}</${name}>`;
  const children = content.filter((child) => child !== null);
  if (children.length === 0) return `${open}/>`;
  return `${open}>\n${children.map(indent).join('\n')}\n</${name}>`;
}

/** Text for an attribute in double quotes or for content. What XML 1.0 cannot hold at all (section 2.2) becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(FORBIDDEN, '\ufffd')
    .replace(/[&<>"'\t\n\r]/g, (c) => `&#${c.charCodeAt(0)};`);
}

const FORBIDDEN = /(?![\t\n\r\x7f-\x9f])\p{Cc}|[\ufffe\uffff]/gu;

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

const MAX_CHARACTERS = 32 * 1024 * 1024;
const MAX_DEPTH = 32;
const NAME = '[A-Za-z_][\\w.:-]{0,127}';
const ATTRIBUTES = `((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)`;
const TOKEN = new RegExp(`<!--(?:(?!--)[^])*-->|<\\?[^]*?\\?>|<(${NAME})${ATTRIBUTES}\\s*(/?)>|</(${NAME})\\s*>|([^<]+)`, 'y');
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, 'g');

/** Reads a document without document type and CDATA, which manifests do not need. Throws RangeError on anything else, or deeper than 32 elements. */
export function parseXml(text: string): XmlElement {
  if (text.length > MAX_CHARACTERS) throw new RangeError('XML: document is too large');
  type Open = { name: string; attributes: Map<string, string>; children: XmlElement[]; text: string };
  const top: Open = { name: '', attributes: new Map(), children: [], text: '' };
  const stack: Open[] = [top];
  for (let at = 0; at < text.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (!match) throw new RangeError(`XML: not understood at character ${at}`);
    const [, opened, attributeText, selfClosed, closed, characters] = match;
    const parent = stack[stack.length - 1];
    if (opened !== undefined) {
      const child: Open = { name: opened, attributes: readAttributes(attributeText), children: [], text: '' };
      parent.children.push(child);
      if (selfClosed === '') stack.push(child);
      if (stack.length > MAX_DEPTH) throw new RangeError('XML: too deep');
    } else if (closed !== undefined) {
      if (stack.length === 1 || parent.name !== closed) throw new RangeError(`XML: </${closed}> closes nothing`);
      stack.pop();
    } else if (characters !== undefined) parent.text += unescapeXml(characters);
  }
  if (stack.length !== 1) throw new RangeError(`XML: <${stack[stack.length - 1].name}> is not closed`);
  if (top.children.length !== 1 || top.text.trim() !== '') throw new RangeError('XML: not one root element');
  return top.children[0];
}

function readAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, double, single] of text.matchAll(ATTRIBUTE)) {
    if (attributes.has(name)) throw new RangeError(`XML: attribute ${name} is there twice`);
    attributes.set(name, unescapeXml(double ?? single));
  }
  return attributes;
}

const NAMED: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{1,8}));|&/g, (whole, decimal, hex, name) => {
    const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : null;
    if (code !== null && code <= 0x10ffff) return String.fromCodePoint(code);
    if (name !== undefined && Object.hasOwn(NAMED, name)) return NAMED[name];
    throw new RangeError(`XML: ${whole} is no character`);
  });
}
