import { z } from 'zod';
import { ScenelineError } from '../../../model/errors.ts';
import { EVENT_TYPES, type SceneEvent } from '../../../model/event.ts';

/** What a message of the event topic holds. Published as schemas/event.schema.json. */
const eventSchema = z.object({
  id: z.string().min(1).max(512).describe('The same event may arrive again, with the same id.'),
  type: z.enum(EVENT_TYPES),
  titleId: z.string().min(1).max(256).describe('Also the key of the message: events of one title stay in order.'),
  revision: z.string().max(256).describe('What the title was asked to become: source, ladder and encoder build.'),
  atMs: z.number().int().min(0).describe('When it happened by the clock of the process that saw it, milliseconds since 1970.'),
  version: z.literal(1).describe('Of this form. Messages of other versions are passed over.'),
  data: z.record(z.string(), z.unknown()).describe('What is worth knowing about it; depends on the type.'),
});

/** The published JSON Schema of an event. */
export function eventJsonSchema(): object {
  return {
    ...z.toJSONSchema(eventSchema, { io: 'input', target: 'draft-2020-12' }),
    title: 'Sceneline event',
    description: 'Something that happened to a title, announced at least once. Readers ignore fields that they do not know.',
  };
}

/** Throws SL-901 for an event that a reader would pass over. */
export function serialiseEvent(event: SceneEvent): Buffer {
  const { error } = eventSchema.safeParse(event);
  if (error) throw new ScenelineError('SL-901', `An event breaks its schema: ${z.prettifyError(error)}`);
  return Buffer.from(JSON.stringify(event));
}

/** Null for bytes that are no event of a type and version known here. */
export function parseEvent(bytes: Uint8Array): SceneEvent | null {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString());
    const event = eventSchema.safeParse(value).data;
    // Odd keys of the data would not survive the schema's copy.
    return event ? { ...event, data: value.data } : null;
  } catch {
    return null;
  }
}
