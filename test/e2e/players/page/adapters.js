/* global shaka, Hls, dashjs */

const errorText = (value) => {
  try {
    return JSON.stringify(value, (_key, item) => (item instanceof Error ? item.message : item instanceof Node || item === globalThis ? undefined : item)).slice(
      0,
      500,
    );
  } catch {
    return String(value);
  }
};

/**
 * One way to drive every player. Each has: `load(address)`, `heights()`, `showHeight(height)`, `languages()`, `hear(language)`, `textLanguages()`, `read(language)`,
 * `heard()` the language playing now. Fatal errors are pushed as sentences.
 */
export const adapters = {
  shaka: (video, errors) => {
    const player = new shaka.Player();
    player.addEventListener('error', ({ detail }) => errors.push(`shaka ${detail.code} ${errorText(detail.data)}`));
    return {
      async load(address) {
        await player.attach(video);
        await player.load(address).catch((error) => {
          throw new Error(`shaka ${error.code} ${errorText(error.data)}`);
        });
      },
      heights: () => player.getVideoTracks().map((track) => track.height),
      showHeight(height) {
        player.configure({ abr: { enabled: false } });
        const variants = player.getVariantTracks();
        const { audioId } = variants.find(({ active }) => active);
        // Not `selectVideoTrack`: asked again for the rung it has chosen already, it does nothing, though a seek at the same time may have kept the old pictures.
        player.selectVariantTrack(
          variants.find((variant) => variant.height === height && variant.audioId === audioId),
          true,
        );
      },
      languages: () => player.getAudioTracks().map((track) => track.language),
      heard: () => player.getAudioTracks().find((track) => track.active)?.language ?? null,
      hear: (language) => player.selectAudioTrack(player.getAudioTracks().find((track) => track.language === language)),
      textLanguages: () => player.getTextTracks().map((track) => track.language),
      read: (language) => player.selectTextTrack(player.getTextTracks().find((track) => track.language === language)),
    };
  },

  'hls.js': (video, errors) => {
    const player = new Hls();
    const base = (track) => track.lang ?? 'und';
    player.on(Hls.Events.ERROR, (_event, data) => {
      if (data.fatal) errors.push(`hls.js ${data.type} ${data.details} ${data.error?.message ?? ''}`);
    });
    return {
      load: (address) =>
        new Promise((resolve, reject) => {
          player.once(Hls.Events.MANIFEST_PARSED, resolve);
          player.on(Hls.Events.ERROR, (_event, data) => data.fatal && reject(new Error(`hls.js ${data.details}`)));
          player.loadSource(address);
          player.attachMedia(video);
        }),
      heights: () => player.levels.map((level) => level.height),
      showHeight(height) {
        player.currentLevel = player.levels.findIndex((level) => level.height === height);
      },
      languages: () => player.audioTracks.map(base),
      heard: () => (player.audioTracks[player.audioTrack] ? base(player.audioTracks[player.audioTrack]) : null),
      hear(language) {
        player.audioTrack = player.audioTracks.findIndex((track) => base(track) === language);
      },
      textLanguages: () => player.subtitleTracks.map(base),
      read(language) {
        player.subtitleDisplay = true;
        player.subtitleTrack = player.subtitleTracks.findIndex((track) => base(track) === language);
      },
    };
  },

  'dash.js': (video, errors) => {
    const player = dashjs.MediaPlayer().create();
    const { events } = dashjs.MediaPlayer;
    player.on(events.ERROR, ({ error }) => errors.push(`dash.js ${error.code} ${error.message}`));
    return {
      load: (address) =>
        new Promise((resolve, reject) => {
          player.on(events.STREAM_INITIALIZED, resolve);
          player.on(events.ERROR, ({ error }) => reject(new Error(`dash.js ${error.code} ${error.message}`)));
          player.initialize(video, address, false);
        }),
      heights: () => player.getRepresentationsByType('video').map((representation) => representation.height),
      showHeight(height) {
        player.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false } } } });
        const { id } = player.getRepresentationsByType('video').find((representation) => representation.height === height);
        player.setRepresentationForTypeById('video', id, true);
      },
      languages: () => player.getTracksFor('audio').map((track) => track.lang),
      heard: () => player.getCurrentTrackFor('audio')?.lang ?? null,
      hear: (language) => player.setCurrentTrack(player.getTracksFor('audio').find((track) => track.lang === language)),
      textLanguages: () => player.getTracksFor('text').map((track) => track.lang),
      read(language) {
        player.enableText(true);
        player.setTextTrack(player.getTracksFor('text').findIndex((track) => track.lang === language));
      },
    };
  },
};
