import { Command, CommanderError } from 'commander';
import { ERROR_CODES, type ErrorCode } from '../../model/error-codes.ts';
import { explainNoRoom, ScenelineError } from '../../model/errors.ts';
import { withOwnFfmpeg } from '../doctor/own-ffmpeg.ts';
import { VERSION } from '../version.ts';
import { controlCommand, fetchCommand, submitCommand, workerCommand } from './commands/cluster.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { encodeCommand } from './commands/encode.ts';
import { inspectCommand } from './commands/inspect.ts';
import { cancelCommand, gcCommand, jobsCommand, retryCommand, titlesCommand } from './commands/manage.ts';
import { reportCommand } from './commands/report.ts';
import { verifyCommand } from './commands/verify.ts';
import { watchCommand } from './commands/watch.ts';
import { Interrupt, type Invocation } from './invocation.ts';
import { addSubtitles, stateFolder } from './options.ts';
import { printable, printableJson, printableLines, stackLines } from './terminal.ts';

const EXIT_HELP = `
Exit status: 0 done, 1 internal fault, 2 wrong usage or missing tool, 3 source refused,
4 title failed (evidence shown), 130 interrupted and resumable.
Tools: SCENELINE_FFMPEG, SCENELINE_FFPROBE and SCENELINE_PACKAGER override what is found.
Start here: ./sceneline demo`;

/** Runs one command and returns its exit status; nothing is thrown. */
export async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const interrupt = new Interrupt();
  let status = 0;
  const program = buildProgram({ env: { ...env }, signal: interrupt.signal, setStatus: (code) => (status = code) });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    return report(error, interrupt.signal.aborted, argv.includes('--json'));
  } finally {
    interrupt.dispose();
  }
}

function buildProgram(base: Pick<Invocation, 'env' | 'signal' | 'setStatus'>): Command {
  const program = new Command('sceneline')
    .description('A master video file goes in, proven streams come out.')
    .version(VERSION)
    .addHelpText('after', EXIT_HELP)
    .showHelpAfterError('(sceneline --help lists the commands)')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(usageError(text)) })
    .hook('preAction', (_, command) => {
      Object.assign(base.env, withOwnFfmpeg(base.env, stateFolder(command.opts(), base.env)));
    });
  const command = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .option('--json', 'print one JSON document on standard output; progress goes to standard error')
      .exitOverride();
  const add = (name: string, description: string) =>
    command(name, description).option('--state <DIR>', 'folder for rows and objects (default: SCENELINE_STATE or the XDG state folder)');
  const config = ['--config <FILE>', 'the cluster to talk to (default: SCENELINE_CONFIG; schema: schemas/cluster.schema.json)'] as const;
  const addBoth = (name: string, description: string) => add(name, description).option(...config);
  const addRole = (name: string, description: string) => command(name, description).option(...config);
  const ladder = ['--ladder <FILE>', 'ladder to make, as JSON (schema: schemas/ladder.schema.json)'] as const;
  const subtitles = ['--subtitles <LANG=FILE>', 'SRT, WebVTT or ASS file beside the master, as in de=film.de.srt; may be given again', addSubtitles] as const;
  const normalise = ['--normalise [LUFS]', 'bring every sound track to this loudness (EBU R 128; without a figure -23)'] as const;
  const strict = ['--strict', 'refuse a source with damage that would otherwise be repaired and told'] as const;
  const workers = ['--workers <N>', 'chunks encoded at once (default: what cores and memory allow)'] as const;
  demoCommand(add('demo', 'make a short master, run everything on it, and say how to watch it'), base);
  encodeCommand(
    add('encode', 'make a finished title in DIR from SOURCE; the same command again goes on after any crash')
      .option(...ladder)
      .option(...subtitles)
      .option(...normalise)
      .option(...strict)
      .option(...workers),
    base,
  );
  inspectCommand(
    add('inspect', 'facts, findings and shots of SOURCE')
      .option('--explain <FRAME>', 'say what speaks for and against a border at a frame, counted from 0')
      .option('--sheet <FILE.png>', 'draw the first and the last frame of each shot; 80 shots a picture, more in FILE-2.png and so on')
      .option(...strict),
    base,
  );
  verifyCommand(add('verify', 'prove a finished title again from nothing but the files'), base);
  reportCommand(add('report', 'what a finished title is like and cost; with --html a page with plots and its worst frames'), base);
  watchCommand(add('watch', 'play a finished title in the browser (this machine only)'), base);
  titlesCommand(addBoth('titles', 'what exists'), base);
  jobsCommand(addBoth('jobs', 'every attempt of a title, with frames and outcome'), base);
  cancelCommand(addBoth('cancel', 'stop a title; nothing finished is lost'), base);
  retryCommand(addBoth('retry', 'go on with a failed or cancelled title').option(...workers), base);
  controlCommand(addRole('control', 'cluster: moves titles along and offers their jobs; run one or several'), base);
  workerCommand(addRole('worker', 'cluster: does jobs; run as many as there are machines'), base);
  submitCommand(
    addRole('submit', 'cluster: register SOURCE as a title')
      .option(...subtitles)
      .option(...normalise)
      .option(...strict),
    base,
  );
  fetchCommand(addRole('fetch', 'cluster: bring a published title into a folder'), base);
  gcCommand(add('gc', 'delete what nothing refers to; safe beside running encodes'), base);
  doctorCommand(addBoth('doctor', 'what was found, what is missing, and the command that mends it'), base);
  return program;
}

/** What commander says of arguments, which it quotes as they are. Its own line breaks are before a suggestion, which quotes nothing, and at the end. */
function usageError(text: string): string {
  const [, problem, suggestion = ''] = /^(.*?)(\n\(Did you mean [^\n]*\?\))?\n$/s.exec(text)!;
  return `${printable(problem)}${suggestion}\n`;
}

/** Says what went wrong and returns the exit status. */
function report(thrown: unknown, interrupted: boolean, json: boolean): number {
  const error = explainNoRoom(thrown);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (json) printError('SL-101', error.message);
    return ERROR_CODES['SL-101'].exit;
  }
  if (interrupted) {
    const { exit, cause, remedy } = ERROR_CODES['SL-130'];
    process.stderr.write(`\n${cause} Nothing finished is lost. ${remedy}\n`);
    if (json) printError('SL-130', cause);
    return exit;
  }
  const known = error instanceof ScenelineError ? error : null;
  const code = known?.code ?? 'SL-901';
  const facts = ERROR_CODES[code];
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`\n${code} ${facts.title}: ${printableLines(known?.lines ?? [message])}\n`);
  if (known?.evidence?.stderrTail) process.stderr.write(`The tool said last:\n${printableLines(known.evidence.stderrTail.split('\n'))}\n`);
  if (known === null && error instanceof Error && error.stack) process.stderr.write(`${printableLines(stackLines(error.stack))}\n`);
  process.stderr.write(`${facts.remedy}\n`);
  if (json) printError(code, message);
  return facts.exit;
}

function printError(code: ErrorCode, message: string): void {
  process.stdout.write(`${printableJson({ error: { code, message } })}\n`);
}
