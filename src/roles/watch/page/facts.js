/** Makes an element with text; text is never markup. */
export function node(name, text = '', attributes = {}) {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  return `${hours ? `${hours}:` : ''}${hours ? two(Math.floor(whole / 60) % 60) : Math.floor(whole / 60)}:${two(whole % 60)}`;
}

const count = (n) => Number(n).toLocaleString('en');
const bytes = (n) => (n < 1e6 ? `${Math.ceil(n / 1e3)} kB` : n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`);
const rate = (bits) => (bits < 1e6 ? `${Math.round(bits / 1e3)} kbit/s` : `${(bits / 1e6).toFixed(1)} Mbit/s`);

/** Name and a line about the source. */
export function headline(report) {
  const facts = report.source?.facts ?? {};
  const name =
    facts.title ||
    String(report.source?.path ?? '')
      .split(/[/\\]/)
      .at(-1) ||
    'Untitled';
  const parts = [
    facts.durationSeconds && clock(facts.durationSeconds),
    report.source?.frames && `${count(report.source.frames)} frames`,
    report.shots?.length && `${count(report.shots.length)} shots`,
    facts.video && `master ${facts.video.widthPx}×${facts.video.heightPx} ${facts.video.codec}`,
  ];
  return { name, about: parts.filter(Boolean).join(' · ') };
}

/** Sentences about what was held to the master. */
export function proofLines(report) {
  const lines = [];
  for (const { name, frames, validation = {} } of report.renditions ?? []) {
    const parts = [`${count(frames)} frames, every one at its time`];
    if (Number.isFinite(validation.joins)) parts.push(`${count(validation.joins)} joins without gap or overlap`);
    if (Number.isFinite(validation.pictures?.compared)) parts.push(`${count(validation.pictures.compared)} pictures compared`);
    if (validation.audio?.length)
      parts.push(`sound held to the sample in ${validation.audio.length === 1 ? 'one track' : `${validation.audio.length} tracks`}`);
    lines.push(`${name}: ${parts.join('; ')}`);
  }
  const sounds = report.plan?.audio?.length ?? 0;
  if (report.source?.frames === 0 && sounds > 0) lines.push(`Sound: held to the source to the sample in ${sounds === 1 ? 'one track' : `${sounds} tracks`}`);
  const cost = report.cost ?? {};
  if (cost.framesEncoded + cost.framesReused > 0) {
    const losses = cost.losses ? `, ${count(cost.losses)} interrupted` : '';
    lines.push(`${count(cost.framesEncoded)} frames encoded and ${count(cost.framesReused)} found again, in ${count(cost.attempts)} attempts${losses}`);
  }
  return lines;
}

/** One table row with a download link. */
export function renditionRow({ file, width, height, codec, bitsPerSecond, bytes: sizeBytes }) {
  const row = node('tr');
  const cell = node('td');
  cell.append(node('a', file, { href: `title/${String(file).split('/').map(encodeURIComponent).join('/')}`, download: '' }));
  row.append(cell, ...[`${width}×${height}`, codec, rate(bitsPerSecond), bytes(sizeBytes)].map((text) => node('td', text)));
  return row;
}

const TIME = /^(\d+):(\d\d):(\d\d\.\d{3}) --> /;
const CELL = /^([\w.-]+)#xywh=(\d+),(\d+),(\d+),(\d+)$/;

/** Cells of a thumbnail file: start time, sheet and place on it. */
export function thumbnailCells(text) {
  const cells = [];
  let startSeconds = null;
  for (const line of text.split('\n')) {
    const time = TIME.exec(line);
    const cell = CELL.exec(line);
    if (time) startSeconds = Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3]);
    else if (cell && startSeconds !== null) {
      const [x, y, width, height] = cell.slice(2).map(Number);
      cells.push({ startSeconds, file: cell[1], x, y, width, height });
    }
  }
  return cells;
}
