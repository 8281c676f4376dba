/** Writes the published JSON Schemas under schemas/ anew from the schemas in the code. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventJsonSchema } from '../src/adapters/cluster/kafka/event-json.ts';
import { reportJsonSchema } from '../src/model/report.ts';
import { configJsonSchema } from '../src/roles/cluster/config.ts';
import { ladderJsonSchema } from '../src/stages/plan/ladder/schema.ts';

const SCHEMA_FOLDER = join(import.meta.dirname, '../schemas');

/** File name to content, as they must stand in the repository. */
export function publishedSchemas(): ReadonlyMap<string, string> {
  const asText = (schema: object) => `${JSON.stringify(schema, null, 2)}\n`;
  return new Map([
    ['cluster.schema.json', asText(configJsonSchema())],
    ['event.schema.json', asText(eventJsonSchema())],
    ['ladder.schema.json', asText(ladderJsonSchema())],
    ['report.schema.json', asText(reportJsonSchema())],
  ]);
}

if (import.meta.main) {
  mkdirSync(SCHEMA_FOLDER, { recursive: true });
  for (const [file, text] of publishedSchemas()) writeFileSync(join(SCHEMA_FOLDER, file), text);
}
