/** What a track is for, where it is neither the film's own sound nor plain subtitles. `captions`: for people who do not hear. */
export type TrackRole = 'commentary' | 'description' | 'captions';

type RoleWords = {
  /** In a menu. */
  readonly label: string;
  /** HLS media characteristic: RFC 8216 section 4.3.4.1, and Apple's AVMediaCharacteristic for what is beside the programme. */
  readonly characteristics: string;
  /** ISO/IEC 23009-1 section 5.8.5.5, urn:mpeg:dash:role:2011. */
  readonly dashRole: string;
  /** Purpose after ETSI TS 102 822-3-1, urn:tva:metadata:cs:AudioPurposeCS:2007: 1 for people who do not see, 2 for those who do not hear. */
  readonly audioPurpose: string | null;
};

export const ROLE_WORDS: { readonly [role in TrackRole]: RoleWords } = {
  commentary: { label: 'commentary', characteristics: 'public.auxiliary-content', dashRole: 'commentary', audioPurpose: null },
  description: { label: 'audio description', characteristics: 'public.accessibility.describes-video', dashRole: 'description', audioPurpose: '1' },
  captions: {
    label: 'SDH',
    characteristics: 'public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound',
    dashRole: 'caption',
    audioPurpose: '2',
  },
};
