import { type Cue, MAX_CUES } from '../webvtt/cues.ts';
import { CaptionWindow } from './caption-window.ts';

/** The bytes that came beside one picture (`cc_data` of ATSC A/53 part 4, three at a time), and when it is shown. */
export type CaptionData = { readonly ptsMs: number; readonly triplets: Uint8Array };

/** For the dialogue in its first language (CTA-708 section 4.5). */
const PRIMARY_SERVICE = 1;
const [PACKET_DATA, PACKET_START] = [2, 3];
const WINDOWS = 8;

/**
 * Reads captions of CTA-708 (once CEA-708), those of the primary caption service: each window's text from the moment it is seen until it changes. Text that only
 * grows within its line is one cue. Payloads are escaped, with italics, and not cleaned; places are where WebVTT can say them. Colours, fonts, delays and
 * characters of 16 bits are left out; bytes that mean nothing are passed over. Keeps nothing but the cues and what is seen.
 */
export class Cea708Reader {
  readonly #service = new CaptionService();
  readonly #packets = new PacketReader((block) => this.#service.read(block));
  #lastMs = 0;

  /** In the order in which pictures are shown. Throws RangeError beyond 200,000 cues. */
  add({ ptsMs, triplets }: CaptionData): void {
    for (let at = 0; at + 2 < triplets.length; at += 3) this.#packets.add(triplets[at], triplets[at + 1], triplets[at + 2]);
    this.#service.show(ptsMs);
    this.#lastMs = ptsMs;
  }

  /** All cues; what is still seen ends with the last data. */
  end(): readonly Cue[] {
    this.#service.clear();
    this.#service.show(this.#lastMs);
    return this.#service.cues;
  }
}

/** Joins the pairs of bytes to packets (CTA-708 section 5) and takes the blocks of the primary service out of them. */
class PacketReader {
  readonly #onBlock: (block: readonly number[]) => void;
  #packet: number[] = [];
  #sizeBytes = 0;

  constructor(onBlock: (block: readonly number[]) => void) {
    this.#onBlock = onBlock;
  }

  add(marker: number, first: number, second: number): void {
    const kind = marker & 3;
    if ((marker & 4) === 0 || kind < PACKET_DATA) return;
    if (kind === PACKET_START) {
      this.#packet = [];
      this.#sizeBytes = 2 * (first & 0x3f || 64);
    }
    if (this.#sizeBytes === 0) return;
    this.#packet.push(first, second);
    if (this.#packet.length < this.#sizeBytes) return;
    this.#readBlocks(this.#packet.slice(1, this.#sizeBytes));
    this.#sizeBytes = 0;
  }

  #readBlocks(bytes: readonly number[]): void {
    for (let at = 0; at < bytes.length; ) {
      const [number, size] = [bytes[at] >> 5, bytes[at] & 0x1f];
      if (number === 0) return;
      // Number seven says that the true one follows.
      at += number === 7 ? 2 : 1;
      if (number === PRIMARY_SERVICE) this.#onBlock(bytes.slice(at, at + size));
      at += size;
    }
  }
}

/** Bytes that follow the commands 0x88 to 0x9f; windows are set by 0x80 to 0x87. */
const PARAMETERS = [1, 1, 1, 1, 1, 1, 0, 0, 2, 3, 2, 0, 0, 0, 0, 4, 6, 6, 6, 6, 6, 6, 6, 6];
/** Characters of the extended set (CTA-708 section 7.1.8) that Unicode has under another number. */
const EXTENDED: { readonly [code: number]: string } = {
  32: ' ',
  33: '\u00a0',
  37: '…',
  42: 'Š',
  44: 'Œ',
  48: '█',
  49: '‘',
  50: '’',
  51: '“',
  52: '”',
  53: '•',
  57: '™',
  58: 'š',
  60: 'œ',
  61: '℠',
  63: 'Ÿ',
  118: '⅛',
  119: '⅜',
  120: '⅝',
  121: '⅞',
  122: '│',
  123: '┐',
  124: '└',
  125: '─',
  126: '┘',
  127: '┌',
};

type OpenCue = { readonly startMs: number; payload: string; readonly settings: string };

/** One service: its windows, and the cues that came of them. */
class CaptionService {
  readonly cues: Cue[] = [];
  readonly #windows = new Map<number, CaptionWindow>();
  readonly #open = new Map<number, OpenCue>();
  #current: CaptionWindow | undefined;
  /** A command whose parameters come with the next block. */
  #unread: readonly number[] = [];
  #isChanged = false;

  read(block: readonly number[]): void {
    const bytes = [...this.#unread, ...block];
    this.#isChanged = true;
    let at = 0;
    while (at < bytes.length) {
      const size = codeBytes(bytes, at);
      if (at + size > bytes.length) break;
      this.#obey(bytes[at], bytes.slice(at + 1, at + size));
      at += size;
    }
    this.#unread = bytes.slice(at);
  }

  clear(): void {
    this.#windows.clear();
    this.#current = undefined;
    this.#isChanged = true;
  }

  /** Ends and begins cues: this is what is seen from now on. */
  show(nowMs: number): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    for (let id = 0; id < WINDOWS; id++) {
      const window = this.#windows.get(id);
      const open = this.#open.get(id);
      const payload = window?.payload ?? '';
      if (payload === (open?.payload ?? '')) continue;
      const settings = payload === '' ? '' : window!.settings;
      if (open && isLineGoingOn(open, payload, settings)) {
        open.payload = payload;
        continue;
      }
      if (open) this.#end(id, open, nowMs);
      if (payload !== '') this.#open.set(id, { startMs: nowMs, payload, settings });
    }
  }

  #end(id: number, { settings, ...cue }: OpenCue, endMs: number): void {
    this.#open.delete(id);
    if (this.cues.length === MAX_CUES) throw new RangeError('captions: too many cues');
    this.cues.push({ ...cue, endMs, ...(settings === '' ? {} : { settings }) });
  }

  #obey(code: number, parameters: readonly number[]): void {
    if (code >= 0x80 && code < 0xa0) this.#command(code, parameters);
    else if (code >= 0x20) this.#current?.write(code === 0x7f ? '♪' : String.fromCharCode(code));
    else if (code === 0x10) this.#extended(parameters[0]);
    else if (code === 0x08) this.#current?.eraseBefore();
    else if (code === 0x0c) this.#current?.clear();
    else if (code === 0x0d) this.#current?.breakLine();
    else if (code === 0x0e) this.#current?.eraseLine();
  }

  #extended(code: number): void {
    if (code >= 0x20 && code < 0x80) this.#current?.write(EXTENDED[code] ?? '_');
    else if (code === 0xa0) this.#current?.write('㏄');
  }

  #command(code: number, parameters: readonly number[]): void {
    if (code < 0x88) this.#current = this.#windows.get(code - 0x80);
    else if (code >= 0x98) this.#define(code - 0x98, parameters);
    else if (code === 0x8f) this.clear();
    else if (code === 0x92) this.#current?.moveTo(parameters[0] & 0x0f, parameters[1] & 0x3f);
    else if (code === 0x90) {
      if (this.#current) this.#current.isItalic = (parameters[1] & 0x80) !== 0;
    } else if (code <= 0x8c) {
      for (let id = 0; id < WINDOWS; id++) if ((parameters[0] >> id) & 1) this.#changeWindow(code, id);
    }
  }

  #changeWindow(code: number, id: number): void {
    const window = this.#windows.get(id);
    if (window === undefined) return;
    if (code === 0x88) window.clear();
    else if (code === 0x89) window.isVisible = true;
    else if (code === 0x8a) window.isVisible = false;
    else if (code === 0x8b) window.isVisible = !window.isVisible;
    else {
      this.#windows.delete(id);
      if (this.#current === window) this.#current = undefined;
    }
  }

  #define(id: number, definition: readonly number[]): void {
    const window = this.#windows.get(id) ?? new CaptionWindow();
    window.define(definition);
    this.#windows.set(id, window);
    this.#current = window;
  }
}

/** A line is written letter by letter: what was seen begins what is seen now, and no line was added. */
function isLineGoingOn(open: OpenCue, payload: string, settings: string): boolean {
  const plain = open.payload.replace(/(?:<\/i>)+$/, '');
  return settings === open.settings && payload.startsWith(plain) && payload.split('\n').length === open.payload.split('\n').length;
}

/** Bytes of the code at a place, parameters included (CTA-708 section 7.1). */
function codeBytes(bytes: readonly number[], at: number): number {
  const code = bytes[at];
  if (code >= 0x88 && code < 0xa0) return 1 + PARAMETERS[code - 0x88];
  if (code >= 0x20 || code < 0x10) return 1;
  if (code > 0x10) return code < 0x18 ? 2 : 3;
  const extended = bytes[at + 1] ?? 0;
  if (extended < 0x20) return 2 + (extended >> 3);
  if (extended < 0x80 || extended >= 0xa0) return 2;
  if (extended < 0x90) return extended < 0x88 ? 6 : 7;
  return 3 + ((bytes[at + 2] ?? 0) & 0x3f);
}
