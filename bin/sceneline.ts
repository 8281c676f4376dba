import { main } from '../src/roles/cli/main.ts';

process.exitCode = await main(process.argv.slice(2), process.env);
