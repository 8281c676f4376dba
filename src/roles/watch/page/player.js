/* global shaka */

/** Fills a menu with `[value, text]` entries and marks one; a menu with nothing to choose is switched off. */
function fillMenu(menu, entries, chosen) {
  menu.replaceChildren(
    ...entries.map(([value, text]) => {
      const option = document.createElement('option');
      option.value = value;
      option.textContent = text;
      option.selected = value === chosen;
      return option;
    }),
  );
  menu.disabled = entries.length < 2;
}

const audioKey = (track) => JSON.stringify([track.language, track.label, track.channelsCount]);
const trackName = (track) => track.label || track.originalLanguage || track.language || 'Unnamed';

/** A Shaka Player on `video` with menus for quality, sound and subtitles. */
export class TitlePlayer {
  #player = new shaka.Player();
  #video;
  #menus;

  /** `menus`: the `quality`, `sound` and `subtitles` select elements; `onProblem` gets a sentence. */
  constructor(video, menus, onProblem) {
    this.#video = video;
    this.#menus = menus;
    for (const type of ['trackschanged', 'variantchanged', 'adaptation', 'textchanged', 'audiotrackschanged']) {
      this.#player.addEventListener(type, () => this.#showTracks());
    }
    this.#player.addEventListener('error', (event) => onProblem(problemText(event.detail)));
    menus.quality.addEventListener('change', () => this.#chooseQuality());
    menus.sound.addEventListener('change', () => {
      const track = this.#player.getAudioTracks().find((candidate) => audioKey(candidate) === menus.sound.value);
      if (track) this.#player.selectAudioTrack(track);
    });
    menus.subtitles.addEventListener('change', () => {
      const track = this.#player.getTextTracks().find((candidate) => String(candidate.id) === menus.subtitles.value);
      this.#player.selectTextTrack(track ?? null);
    });
  }

  /** Loads a manifest at a time. Throws a sentence when it cannot be played. */
  async load(address, startSeconds) {
    try {
      if (!this.#player.getMediaElement()) await this.#player.attach(this.#video);
      await this.#player.load(address, startSeconds);
    } catch (error) {
      throw new Error(problemText(error));
    }
    this.#player.configure({ abr: { enabled: true } });
    this.#showTracks();
  }

  /** Size of the picture that is shown now, or nothing. */
  shownSize() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    return width ? `${width}×${height}` : '';
  }

  #chooseQuality() {
    const { value } = this.#menus.quality;
    this.#player.configure({ abr: { enabled: value === 'auto' } });
    const track = this.#player.getVideoTracks().find((candidate) => String(candidate.height) === value);
    if (track) this.#player.selectVideoTrack(track, true);
  }

  #showTracks() {
    const heights = [...new Set(this.#player.getVideoTracks().map((track) => track.height))].sort((a, b) => b - a);
    const isAutomatic = this.#player.getConfiguration().abr.enabled;
    const shown = this.#player.getVideoTracks().find((track) => track.active);
    fillMenu(
      this.#menus.quality,
      [['auto', 'Automatic'], ...heights.map((height) => [String(height), `${height} lines`])],
      isAutomatic ? 'auto' : String(shown?.height),
    );
    const sounds = this.#player.getAudioTracks();
    const heard = sounds.find((track) => track.active);
    fillMenu(
      this.#menus.sound,
      sounds.map((track) => [audioKey(track), trackName(track)]),
      heard && audioKey(heard),
    );
    const texts = this.#player.getTextTracks();
    const read = texts.find((track) => track.active);
    const entries = texts.map((track) => [String(track.id), track.forced ? `${trackName(track)} (forced)` : trackName(track)]);
    fillMenu(this.#menus.subtitles, [['off', texts.length > 0 ? 'Off' : 'None'], ...entries], read ? String(read.id) : 'off');
  }
}

function problemText(error) {
  const code = error?.code ? ` (Shaka Player ${error.code})` : '';
  return `The film cannot be played${code}.`;
}
