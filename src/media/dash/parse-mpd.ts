import type { FileRange } from '../cmaf/file-range.ts';
import { rangeOfTransfer, type VideoRange } from '../hdr.ts';
import { CICP_SCHEMES } from './mpd.ts';
import { parseXml, type XmlElement } from './xml.ts';

export type MpdRepresentation = {
  readonly id: string;
  readonly bandwidth: number;
  readonly codecs: string | null;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  readonly frameRate: string | null;
  /** File that the representation stands in; null for pictures given by a template. */
  readonly file: string | null;
  readonly initRange: FileRange | null;
  readonly indexRange: FileRange | null;
};

export type MpdSet = {
  readonly contentType: string;
  readonly mimeType: string;
  readonly language: string | null;
  readonly label: string | null;
  readonly roles: readonly string[];
  /** Of HDR pictures, by the code point of their transfer characteristics; null: SDR, or no pictures. */
  readonly videoRange: VideoRange | null;
  readonly template: { readonly media: string; readonly segmentSeconds: number; readonly startNumber: number } | null;
  readonly representations: readonly MpdRepresentation[];
};

export type Mpd = { readonly durationSeconds: number; readonly minBufferSeconds: number; readonly title: string | null; readonly sets: readonly MpdSet[] };

/** Reads a static MPD of one period, of the kind that Sceneline writes. Throws RangeError when it is none. */
export function parseMpd(text: string): Mpd {
  const root = parseXml(text);
  if (root.name !== 'MPD' || root.attributes.get('type') !== 'static') throw new RangeError('DASH: not a static MPD');
  const periods = childrenOf(root, 'Period');
  if (periods.length !== 1) throw new RangeError(`DASH: ${periods.length} periods instead of one`);
  return {
    durationSeconds: isoSeconds(required(root, 'mediaPresentationDuration')),
    minBufferSeconds: isoSeconds(required(root, 'minBufferTime')),
    title: childrenOf(root, 'ProgramInformation')[0]?.children.find(({ name }) => name === 'Title')?.text ?? null,
    sets: childrenOf(periods[0], 'AdaptationSet').map(readSet),
  };
}

function readSet(set: XmlElement): MpdSet {
  const template = childrenOf(set, 'SegmentTemplate')[0];
  return {
    contentType: required(set, 'contentType'),
    mimeType: required(set, 'mimeType'),
    language: set.attributes.get('lang') ?? null,
    label: childrenOf(set, 'Label')[0]?.text ?? null,
    roles: childrenOf(set, 'Role').map((role) => required(role, 'value')),
    videoRange: readVideoRange(set),
    template: template ? readTemplate(template) : null,
    representations: childrenOf(set, 'Representation').map(readRepresentation),
  };
}

function readVideoRange(set: XmlElement): VideoRange | null {
  const scheme = `${CICP_SCHEMES}TransferCharacteristics`;
  const property = childrenOf(set, 'EssentialProperty').find(({ attributes }) => attributes.get('schemeIdUri') === scheme);
  return property ? rangeOfTransfer(whole(required(property, 'value'))) : null;
}

function readTemplate(template: XmlElement): NonNullable<MpdSet['template']> {
  const timescale = whole(required(template, 'timescale'));
  if (timescale === 0) throw new RangeError('DASH: a time scale is zero');
  return {
    media: required(template, 'media'),
    segmentSeconds: whole(required(template, 'duration')) / timescale,
    startNumber: whole(required(template, 'startNumber')),
  };
}

function readRepresentation(element: XmlElement): MpdRepresentation {
  const base = childrenOf(element, 'SegmentBase')[0];
  const init = base && childrenOf(base, 'Initialization')[0];
  const { attributes } = element;
  return {
    id: required(element, 'id'),
    bandwidth: whole(required(element, 'bandwidth')),
    codecs: attributes.get('codecs') ?? null,
    widthPx: optionalWhole(attributes.get('width')),
    heightPx: optionalWhole(attributes.get('height')),
    frameRate: attributes.get('frameRate') ?? null,
    file: childrenOf(element, 'BaseURL')[0]?.text ?? null,
    initRange: init ? byteRange(required(init, 'range')) : null,
    indexRange: base ? byteRange(required(base, 'indexRange')) : null,
  };
}

function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

function required(element: XmlElement, name: string): string {
  const value = element.attributes.get(name);
  if (value === undefined) throw new RangeError(`DASH: <${element.name}> has no ${name}`);
  return value;
}

function byteRange(text: string): FileRange {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text);
  if (!match || Number(match[2]) < Number(match[1])) throw new RangeError(`DASH: ${JSON.stringify(text.slice(0, 60))} is not a byte range`);
  return { start: Number(match[1]), endExclusive: Number(match[2]) + 1 };
}

function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new RangeError(`DASH: ${JSON.stringify(text.slice(0, 60))} is not a whole number`);
  return Number(text);
}

function optionalWhole(text: string | undefined): number | null {
  return text === undefined ? null : whole(text);
}

/** Hours, minutes and seconds of an ISO 8601 duration. */
function isoSeconds(text: string): number {
  const match = /^PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?$/.exec(text);
  if (!match || text === 'PT') throw new RangeError(`DASH: ${JSON.stringify(text.slice(0, 60))} is not a duration`);
  return Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
}
