import { existsSync } from 'node:fs';
import { join } from 'node:path';

const MEDIA_FOLDER = process.env.SCENELINE_MEDIA ?? join(import.meta.dirname, '../../../shared/media');

/** Path of a clip in the folder of real films (`real/x.mp4`), or null where that folder or clip is not there. */
export function mediaPath(name: string): string | null {
  const path = join(MEDIA_FOLDER, name);
  return existsSync(path) ? path : null;
}
