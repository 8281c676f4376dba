import { localWorkerName } from '../../../../src/adapters/embedded/local-workers.ts';

console.log(localWorkerName(1));
process.stdin.resume();
