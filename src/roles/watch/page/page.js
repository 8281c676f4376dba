import { clock, headline, node, proofLines, renditionRow, thumbnailCells } from './facts.js';
import { TitlePlayer } from './player.js';

const find = (id) => document.getElementById(id);
const main = document.querySelector('main');
const video = find('video');
const manifests = { dash: 'title/package/manifest.mpd', hls: 'title/package/master.m3u8' };

function showProblem(text) {
  find('problem').textContent = text;
  find('problem').hidden = text === '';
  if (text) main.dataset.state = 'failed';
}

/** Reads a file of the title, or null when it is not there. */
async function read(path) {
  const response = await fetch(`title/${path}`).catch(() => null);
  return response?.ok ? response.text() : null;
}

function showReport(report) {
  const { name, about } = headline(report);
  find('name').textContent = name;
  find('subtitle').textContent = about;
  document.title = `${name} – Sceneline`;
  fill(
    'proofs',
    proofLines(report).map((line) => node('li', line)),
    'proof',
  );
  fill('renditions', (report.renditions ?? []).map(renditionRow), 'files');
  fill(
    'findings',
    (report.findings ?? []).map(({ code, message }) => node('li', `${code}: ${message}`)),
    'remarks',
  );
  const chapters = report.source?.facts?.chapters ?? [];
  fill(
    'chapters',
    chapters.map(({ startSeconds, title }) => jumpItem(node('button', `${clock(startSeconds)} ${title || 'Chapter'}`, { type: 'button' }), startSeconds)),
  );
}

/** Puts items into a list and shows it, or the section around it, when there are any. */
function fill(id, items, sectionId = id) {
  find(id).replaceChildren(...items);
  find(sectionId).hidden = items.length === 0;
}

function jumpItem(button, seconds) {
  button.addEventListener('click', () => {
    video.currentTime = seconds;
  });
  const item = node('li');
  item.append(button);
  return item;
}

/** A strip of small pictures to jump by; the one of the moment is marked. */
function showStrip(text) {
  const cells = thumbnailCells(text);
  const buttons = cells.map(({ startSeconds, file, x, y, width, height }) => {
    const button = node('button', '', { type: 'button', 'aria-label': `Jump to ${clock(startSeconds)}` });
    button.append(node('span', clock(startSeconds)));
    button.style.width = `${width}px`;
    button.style.height = `${height}px`;
    button.style.backgroundImage = `url("title/package/${file}")`;
    button.style.backgroundPosition = `${-x}px ${-y}px`;
    return button;
  });
  fill(
    'strip',
    buttons.map((button, i) => jumpItem(button, cells[i].startSeconds)),
  );
  let current = null;
  video.addEventListener('timeupdate', () => {
    const at = cells.findLastIndex(({ startSeconds }) => startSeconds <= video.currentTime + 0.01);
    if (buttons[at] === current) return;
    current?.removeAttribute('aria-current');
    current = buttons[at];
    current?.setAttribute('aria-current', 'true');
  });
}

async function start() {
  const reportText = await read('report.json');
  if (reportText === null) find('name').textContent = 'Untitled';
  else {
    const report = JSON.parse(reportText);
    showReport(report);
    for (const kind of ['dash', 'hls']) if (report.package?.[kind]) manifests[kind] = `title/${report.package[kind]}`;
  }
  const thumbnails = await read('package/thumbnails.vtt');
  if (thumbnails) showStrip(thumbnails);
  await play();
}

async function play() {
  if (!globalThis.shaka?.Player.isBrowserSupported()) {
    showProblem('This browser cannot play streams. The files below can be downloaded.');
    return;
  }
  const menus = { quality: find('quality'), sound: find('sound'), subtitles: find('subtitles') };
  const player = new TitlePlayer(video, menus, showProblem);
  const stream = find('stream');
  const load = async (kind, startSeconds) => {
    main.dataset.state = 'loading';
    await player.load(manifests[kind], startSeconds);
    stream.value = kind;
    showProblem('');
    main.dataset.state = 'ready';
  };
  stream.addEventListener('change', () => {
    const { paused, currentTime } = video;
    load(stream.value, currentTime).then(
      () => !paused && video.play(),
      (error) => showProblem(error.message),
    );
  });
  const showSize = () => {
    find('playing').textContent = player.shownSize() && `Shown: ${player.shownSize()}`;
  };
  video.addEventListener('resize', showSize);
  video.addEventListener('loadedmetadata', () => {
    video.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  });
  await load('dash', 0).catch(() => load('hls', 0));
}

start().catch((error) => showProblem(error.message));
