type ErrorFacts = { readonly exit: number; readonly title: string; readonly cause: string; readonly remedy: string };

/**
 * Every error and finding Sceneline can report. Codes are never reused.
 * 1xx usage and tools, 2xx the source, 3xx the title, 9xx internal faults.
 */
export const ERROR_CODES = {
  'SL-101': { exit: 2, title: 'wrong usage', cause: 'An argument or option is missing or not understood.', remedy: 'Run the command with --help.' },
  'SL-102': {
    exit: 2,
    title: 'tool missing',
    cause: 'ffmpeg or ffprobe was not found.',
    remedy: 'Install it with the line shown, or set SCENELINE_FFMPEG and SCENELINE_FFPROBE.',
  },
  'SL-103': {
    exit: 2,
    title: 'tool too old or incomplete',
    cause: 'The ffmpeg found lacks an encoder or filter that the ladder needs.',
    remedy: 'Install ffmpeg 5.1 or newer with libx264.',
  },
  'SL-104': {
    exit: 2,
    title: 'ladder not valid',
    cause: 'The ladder file is not JSON or breaks its schema.',
    remedy: 'Mend the places named; the schema is schemas/ladder.schema.json.',
  },
  'SL-105': {
    exit: 2,
    title: 'source not readable',
    cause: 'There is no file at that path, or it may not be read.',
    remedy: 'Check the path and its permissions.',
  },
  'SL-106': {
    exit: 2,
    title: 'state folder not writable',
    cause: 'The state folder cannot be created or written.',
    remedy: 'Give another folder with --state or SCENELINE_STATE.',
  },
  'SL-107': {
    exit: 2,
    title: 'output folder in use',
    cause: 'The output folder has files that Sceneline did not write.',
    remedy: 'Give an empty or new folder with --out.',
  },
  'SL-108': { exit: 2, title: 'no such title', cause: 'No title has that id.', remedy: 'List them with: sceneline titles' },
  'SL-110': {
    exit: 130,
    title: 'disk full',
    cause: 'A folder that Sceneline writes to has no room left.',
    remedy: 'Make room and run the same command again; it goes on from what is finished.',
  },
  'SL-130': { exit: 130, title: 'interrupted', cause: 'The run was stopped.', remedy: 'Run the same command again; it goes on from what is finished.' },
  'SL-301': {
    exit: 4,
    title: 'media tool failed',
    cause: 'A media process ended with an error, hung, or wrote too little.',
    remedy: 'Read the evidence; after a fix run: sceneline retry TITLE',
  },
  'SL-302': {
    exit: 4,
    title: 'encoded chunk not proven',
    cause: 'What came out of the encoder is not what went in.',
    remedy: 'Look at both pictures named in the evidence; check the encoder build and the machine.',
  },
  'SL-303': {
    exit: 4,
    title: 'wrong frames decoded',
    cause: 'The frames decoded for a chunk are not those of the index.',
    remedy: 'The source or the decoder is not reproducible; see the evidence.',
  },
  'SL-304': {
    exit: 4,
    title: 'rendition not proven',
    cause: 'The joined rendition does not match the source.',
    remedy: 'Report it with the evidence: this is a fault of Sceneline.',
  },
  'SL-305': { exit: 4, title: 'title cancelled', cause: 'An operator cancelled the title.', remedy: 'Go on with: sceneline retry TITLE' },
  'SL-306': { exit: 4, title: 'proof failed', cause: 'verify found faults in the finished title.', remedy: 'Make it again from the source into a new folder.' },
  'SL-307': {
    exit: 4,
    title: 'headers differ',
    cause: 'Encoded chunks of one rung have different sample descriptions.',
    remedy: 'Report it with the evidence: this is a fault of Sceneline.',
  },
  'SL-308': {
    exit: 4,
    title: 'bit-rate ceiling broken',
    cause: 'A segment is larger than the ceiling of its rung allows.',
    remedy: 'Raise maxrateKbps or crf of that rung in the ladder.',
  },
  'SL-901': { exit: 1, title: 'internal fault', cause: 'Sceneline met a state it does not expect.', remedy: 'Report it with the text shown.' },
  'SL-905': {
    exit: 1,
    title: 'stored object missing or damaged',
    cause: 'A file in the state folder is gone or shorter than recorded.',
    remedy: 'Run the same command again; what is missing is made again.',
  },
} as const satisfies { readonly [code: string]: ErrorFacts };

export type ErrorCode = keyof typeof ERROR_CODES;
