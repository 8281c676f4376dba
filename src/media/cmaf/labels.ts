import { ROLE_WORDS, type TrackRole } from './role.ts';

const LABEL_CHARACTERS = 120;
/** Control characters, line and paragraph separators, halves of surrogate pairs, and what XML 1.0 has no place for. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\ufffe\uffff]/gu;

/** Text from a source as one printable line of bounded length; still to be escaped for where it is written. */
export function cleanLabel(text: string): string {
  const line = text
    .slice(0, 4 * LABEL_CHARACTERS)
    .replace(UNPRINTABLE, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return [...line].slice(0, LABEL_CHARACTERS).join('').trim();
}

/** A delivered language (BCP 47 or ISO 639-2) in the form manifests use: shortest BCP 47 tag, `und` when it is none. */
export function languageTag(language: string): string {
  try {
    return Intl.getCanonicalLocales(language.slice(0, 35))[0] ?? 'und';
  } catch {
    return 'und';
  }
}

/** English name of a language, or null when it has none. */
function languageName(tag: string): string | null {
  if (tag === 'und') return null;
  return new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' }).of(tag) ?? null;
}

type Labelled = { readonly language?: string; readonly title?: string; readonly channels?: number; readonly role?: TrackRole };

/** What a viewer reads in a menu, different for each member: its own title, else its language and role; told apart by channels, then by number. */
export function menuLabels(members: readonly Labelled[], fallback: string): string[] {
  const plain = members.map((member) => cleanLabel(member.title ?? '') || ownLabel(member, fallback));
  const withChannels = plain.map((label, i) => {
    const shared = members.some((other, j) => j !== i && plain[j] === label && other.channels !== members[i].channels);
    return shared ? `${label} (${channelName(members[i].channels)})` : label;
  });
  const used = new Set<string>();
  return withChannels.map((label) => {
    let unique = label;
    for (let n = 2; used.has(unique); n++) unique = `${label} ${n}`;
    used.add(unique);
    return unique;
  });
}

function ownLabel({ language, role }: Labelled, fallback: string): string {
  const name = languageName(languageTag(language ?? 'und')) ?? fallback;
  return role ? `${name} (${ROLE_WORDS[role].label})` : name;
}

function channelName(channels: number | undefined): string {
  if (channels === 1) return 'mono';
  if (channels === 2) return 'stereo';
  return channels === 6 ? '5.1' : `${channels} channels`;
}
