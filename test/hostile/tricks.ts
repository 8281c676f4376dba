import { box, fullBox, numbers, replaceBox } from './box-surgery.ts';
import type { Lures } from './lures.ts';

/** A file that asks its reader for an address or another file. */
export type Trick = {
  readonly name: string;
  /** What it is after, in words for the table. */
  readonly asksFor: string;
  /** The name it is delivered under. */
  readonly fileName: string;
  /** Options under which an unprotected ffprobe does as it is told; none where it never does. */
  readonly unguarded: readonly string[];
  content(lures: Lures, film: Buffer): string | Uint8Array;
};

const EVERY_PROTOCOL = ['-protocol_whitelist', 'file,http,tcp,udp,rtp,crypto,data,concat,subfile,async,cache'];
const SEGMENT = 'segment.ts';
const HLS_HEAD = '#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:10\n';

function playlist(address: string, extra = ''): string {
  return `${HLS_HEAD}${extra}#EXTINF:10,\n${address}\n#EXT-X-ENDLIST\n`;
}

function mpd(media: string, before = ''): string {
  return `<?xml version="1.0"?>${before}<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period duration="PT10S"><AdaptationSet contentType="video" mimeType="video/mp4"><Representation id="1" bandwidth="1000" width="320" height="180" codecs="avc1.64001e"><BaseURL>${media}</BaseURL><SegmentList duration="10"><SegmentURL media="${media}"/></SegmentList></Representation></AdaptationSet></Period></MPD>`;
}

/** A Macintosh alias to a file beside this one, as QuickTime's `dref` holds it and ffmpeg's demuxer reads it. */
function aliasTo(path: string): Buffer {
  const name = Buffer.from(path.slice(path.lastIndexOf('/') + 1));
  const pad = (text: Uint8Array, size: number) => Buffer.concat([text, Buffer.alloc(size - text.length)]);
  const levels = numbers(16, 1, 1);
  const body = Buffer.from(path);
  const absolute = Buffer.concat([numbers(16, 2, body.length), body, Buffer.alloc(body.length % 2)]);
  return fullBox(
    'alis',
    0,
    0,
    Buffer.alloc(10),
    pad(Buffer.from([4, 68, 105, 115, 107]), 28),
    Buffer.alloc(12),
    pad(Buffer.concat([Buffer.from([name.length]), name]), 64),
    Buffer.alloc(16),
    levels,
    Buffer.alloc(16),
    absolute,
    numbers(16, 0xffff, 0),
  );
}

const url = (lures: Lures) => `http://127.0.0.1:${lures.port}/${SEGMENT}`;

/** Every trick we know of. The film is a small MP4 with its index at the end. */
export const TRICKS: readonly Trick[] = [
  {
    name: 'HLS playlist named .mp4',
    asksFor: 'an address',
    fileName: 'film.mp4',
    unguarded: EVERY_PROTOCOL,
    content: (lures) => playlist(url(lures)),
  },
  {
    name: 'HLS playlist',
    asksFor: 'a file beside it',
    fileName: 'film.m3u8',
    unguarded: [...EVERY_PROTOCOL, '-allowed_extensions', 'ALL'],
    content: (lures) => playlist(lures.plant(SEGMENT, 'secret')),
  },
  {
    name: 'HLS key',
    asksFor: 'an address',
    fileName: 'film.m3u8',
    unguarded: [...EVERY_PROTOCOL, '-allowed_extensions', 'ALL'],
    content: (lures) => playlist(lures.plant(SEGMENT, 'x'.repeat(64)), `#EXT-X-KEY:METHOD=AES-128,URI="${url(lures)}"\n`),
  },
  {
    name: 'HLS initialisation segment',
    asksFor: 'a file beside it',
    fileName: 'film.m3u8',
    unguarded: [...EVERY_PROTOCOL, '-allowed_extensions', 'ALL'],
    content: (lures) => playlist('data:,x', `#EXT-X-MAP:URI="${lures.plant('init.mp4', 'secret')}"\n`),
  },
  {
    name: 'HLS variant by the concat protocol',
    asksFor: 'a file beside it',
    fileName: 'film.m3u8',
    unguarded: [...EVERY_PROTOCOL, '-allowed_extensions', 'ALL'],
    content: (lures) => playlist(`concat:${lures.plant(SEGMENT, 'secret')}|${lures.plant('other.ts', 'secret')}`),
  },
  {
    name: 'HLS segment by the subfile protocol',
    asksFor: 'a file beside it',
    fileName: 'film.m3u8',
    unguarded: [...EVERY_PROTOCOL, '-allowed_extensions', 'ALL'],
    content: (lures) => playlist(`subfile,,start,0,end,0,,:${lures.plant(SEGMENT, 'secret')}`),
  },
  { name: 'MPD', asksFor: 'an address', fileName: 'film.mpd', unguarded: EVERY_PROTOCOL, content: (lures) => mpd(url(lures)) },
  {
    name: 'MPD with an external entity',
    asksFor: 'a file beside it',
    fileName: 'film.mpd',
    unguarded: EVERY_PROTOCOL,
    content: (lures) => mpd('&e;', `<!DOCTYPE MPD [<!ENTITY e SYSTEM "file://${lures.plant('secret.txt', 'secret')}">]>`),
  },
  {
    name: 'ffconcat list named .mp4',
    asksFor: 'a file beside it',
    fileName: 'film.mp4',
    unguarded: [...EVERY_PROTOCOL, '-safe', '0'],
    content: (lures) => `ffconcat version 1.0\nfile '${lures.plant(SEGMENT, 'secret')}'\n`,
  },
  {
    name: 'ffconcat list',
    asksFor: 'an address',
    fileName: 'film.ffconcat',
    unguarded: [...EVERY_PROTOCOL, '-safe', '0'],
    content: (lures) => `ffconcat version 1.0\nfile '${url(lures)}'\n`,
  },
  {
    name: 'SDP',
    asksFor: 'an address',
    fileName: 'film.sdp',
    unguarded: ['-protocol_whitelist', 'file,rtp,udp,tcp,rtsp,http', '-f', 'sdp'],
    content: (lures) => `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${lures.port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
  },
  {
    name: 'IMF composition',
    asksFor: 'files beside it',
    fileName: 'CPL.xml',
    unguarded: [...EVERY_PROTOCOL, '-f', 'imf'],
    content: (lures) => {
      lures.plant('ASSETMAP.xml', '<?xml version="1.0"?><AssetMap xmlns="http://www.smpte-ra.org/schemas/429-9/2007/AM"><AssetList/></AssetMap>');
      return '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:0eb3d1b9-b77b-4d3f-bbe5-7c69b15dca84</Id><ContentTitle>x</ContentTitle><EditRate>24 1</EditRate><SegmentList/></CompositionPlaylist>';
    },
  },
  {
    name: 'image sequence by its name',
    asksFor: 'a file beside it',
    fileName: 'frame%01d.png',
    unguarded: [],
    content: (lures) => {
      lures.plant('frame1.png', 'secret');
      return 'no picture';
    },
  },
  {
    name: 'VobSub index',
    asksFor: 'a file beside it',
    fileName: 'film.idx',
    unguarded: [],
    content: (lures) => {
      lures.plant('film.sub', 'secret');
      return '# VobSub index file, v7 (do not modify this line!)\nsize: 720x576\nid: en, index: 0\ntimestamp: 00:00:01:000, filepos: 000000000\n';
    },
  },
  {
    name: 'QuickTime data reference',
    asksFor: 'a file beside it',
    fileName: 'film.mov',
    unguarded: ['-enable_drefs', '1', '-use_absolute_path', '1'],
    content: (lures, film) => {
      const alias = aliasTo(lures.plant('media.bin', 'secret'));
      return replaceBox(film, 'moov/trak/mdia/minf/dinf/dref', () => fullBox('dref', 0, 0, numbers(32, 1), alias));
    },
  },
  {
    name: 'QuickTime data reference by URL',
    asksFor: 'an address',
    fileName: 'film.mov',
    unguarded: ['-enable_drefs', '1', '-use_absolute_path', '1'],
    content: (lures, film) =>
      replaceBox(film, 'moov/trak/mdia/minf/dinf/dref', () => fullBox('dref', 0, 0, numbers(32, 1), fullBox('url ', 0, 0, Buffer.from(`${url(lures)}\0`)))),
  },
  {
    name: 'QuickTime reference movie',
    asksFor: 'an address',
    fileName: 'film.mov',
    unguarded: EVERY_PROTOCOL,
    content: (lures) => {
      const address = Buffer.from(`${url(lures)}\0`);
      const reference = fullBox('rdrf', 0, 0, Buffer.from('url '), numbers(32, address.length), address);
      return Buffer.concat([box('ftyp', Buffer.from('qt  \0\0\0\0qt  ')), box('moov', box('rmra', box('rmda', reference)))]);
    },
  },
  {
    name: 'ASF redirection',
    asksFor: 'an address',
    fileName: 'film.asx',
    unguarded: EVERY_PROTOCOL,
    content: (lures) => `<asx version="3.0"><entry><ref href="${url(lures)}"/></entry></asx>`,
  },
  {
    name: 'AviSynth script',
    asksFor: 'a file beside it',
    fileName: 'film.avs',
    unguarded: EVERY_PROTOCOL,
    content: (lures) => `FFVideoSource("${lures.plant('secret.avi', 'secret')}")\n`,
  },
  {
    name: 'SubRip text with markup',
    asksFor: 'an address',
    fileName: 'film.srt',
    unguarded: EVERY_PROTOCOL,
    content: (lures) => `1\n00:00:00,000 --> 00:00:01,000\n<img src="${url(lures)}"><font face="${lures.plant('font.ttf', 'secret')}">x</font>\n`,
  },
  {
    name: 'ASS with fonts by path',
    asksFor: 'a file beside it',
    fileName: 'film.ass',
    unguarded: EVERY_PROTOCOL,
    content: (lures) =>
      `[Script Info]\nScriptType: v4.00+\nVideo File: ${lures.plant('secret.avi', 'secret')}\n\n[Events]\nFormat: Layer, Start, End, Text\nDialogue: 0,0:00:00.00,0:00:01.00,{\\fn${lures.plant('font.ttf', 'secret')}}x\n`,
  },
  {
    name: 'ffmetadata with an address',
    asksFor: 'an address',
    fileName: 'film.txt',
    unguarded: EVERY_PROTOCOL,
    content: (lures) => `;FFMETADATA1\ntitle=${url(lures)}\n`,
  },
  {
    name: 'film with addresses in its tags',
    asksFor: 'an address and a file',
    fileName: 'film.mp4',
    unguarded: EVERY_PROTOCOL,
    content: (lures, film) => {
      const text = (value: string) => box('data', numbers(32, 1, 0), Buffer.from(value));
      const list = box(
        'ilst',
        box('\u00a9nam', text(url(lures))),
        box('covr', text(`file://${lures.plant('cover.png', 'secret')}`)),
        box('purl', text(url(lures))),
      );
      const meta = fullBox('meta', 0, 0, fullBox('hdlr', 0, 0, numbers(32, 0), Buffer.from('mdirappl'), Buffer.alloc(9)), list);
      return replaceBox(film, 'moov', (moov) => box('moov', moov.subarray(8), box('udta', meta)));
    },
  },
  {
    name: 'name that is another protocol',
    asksFor: 'two files beside it',
    fileName: 'concat:a.ts|b.ts',
    unguarded: EVERY_PROTOCOL,
    content: (lures) => {
      lures.plant('a.ts', 'secret');
      lures.plant('b.ts', 'secret');
      return 'no film';
    },
  },
];
