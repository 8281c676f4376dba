import type { TrackRole } from '../../media/cmaf/role.ts';

/**
 * A language as manifests want it (BCP 47, RFC 5646): `eng`, `EN_us` and `ger` become `en`, `en-US` and `de`.
 * Whatever is not a language tag becomes `und`.
 */
export function normaliseLanguage(delivered: string): string {
  const tag = delivered.trim().replaceAll('_', '-');
  if (!/^[a-z]{2,3}(-[a-z0-9]{1,8}){0,5}$/i.test(tag)) return 'und';
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return 'und';
  }
}

const LONGEST_SLUG = 12;

/** What stands for a language in names: lower case letters, digits and single dashes. */
export function languageSlug(delivered: string): string {
  const slug = delivered
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_SLUG)
    .replaceAll(/^-+|-+$/g, '');
  return slug || 'und';
}

const ROLE_SLUGS: { readonly [role in TrackRole]: string } = { commentary: '-comm', description: '-ad', captions: '-sdh' };

/** What stands for a role in names, behind the language. */
export function roleSlug(role: TrackRole | undefined): string {
  return role === undefined ? '' : ROLE_SLUGS[role];
}

/** Gives each wanted name once; a repeated one gets `-2`, `-3` and so on. */
export function uniqueNames(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}-${number}`;
    taken.add(name);
    return name;
  };
}
