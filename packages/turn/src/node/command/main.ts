import { rmSync, writeFileSync } from 'node:fs';
import { formatAddress } from '@kaon/wire';
import { createTurnServer } from '../create.ts';
import type { RunningTurnServer } from '../options.ts';
import { VERSION } from '../version.ts';
import { helpText } from './flags.ts';
import { describeEvent } from './log.ts';
import { type CommandSettings, readSettings, readValues } from './settings.ts';
import { UsageError } from './values.ts';

/** It ended as it was told to. */
const ENDED = 0;
/** It could not start, or died. */
const FAILED = 1;
/** The command line, or a file that it names, cannot be used. */
const MISUSED = 2;

/** Runs `kaon-turn` until it ends, and answers its exit code: 0, 1 when it cannot run, 2 when it was called wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const values = readValues(args);
    if (values.get('help') === true) return say(helpText());
    if (values.get('version') === true) return say(`${VERSION}\n`);
    const settings = readSettings(values);
    return await serve(settings, () => readSettings(readValues(args)));
  } catch (error) {
    if (!(error instanceof UsageError)) return complain(error, FAILED);
    complain(error, MISUSED);
    process.stderr.write('kaon-turn --help tells what there is.\n');
    return MISUSED;
  }
}

async function serve(settings: CommandSettings, again: () => CommandSettings): Promise<number> {
  const { workers, metrics, drainTimeout, pidfile, verbose } = settings;
  const server = await createTurnServer({
    ...settings.server,
    workers,
    ...(metrics === undefined ? {} : { metrics }),
    ...(verbose
      ? {
          onEvent: (event) => {
            const line = describeEvent(event);
            if (line !== undefined) say(`${line}\n`);
          },
        }
      : {}),
    onError: (error) => void complain(error, FAILED),
  });
  for (const { protocol, ...address } of server.addresses) say(`listening ${protocol} ${formatAddress(address)}\n`);
  if (server.metricsAddress !== undefined) say(`metrics http://${formatAddress(server.metricsAddress)}/metrics\n`);
  const signals = handleSignals(server, drainTimeout, again);
  try {
    if (pidfile !== undefined) writeFileSync(pidfile, `${process.pid}\n`);
    say('ready\n');
    const reason = await server.ended;
    return reason === undefined ? ENDED : complain(reason, FAILED);
  } finally {
    signals.release();
    await server.close();
    if (pidfile !== undefined) rmSync(pidfile, { force: true });
  }
}

function handleSignals(
  server: RunningTurnServer,
  drainTimeout: number,
  again: () => CommandSettings,
): { release(): void } {
  let ending = false;
  const end = (): void => {
    const how = ending ? server.close() : server.drain(drainTimeout);
    say(ending ? 'ending at once\n' : 'draining\n');
    ending = true;
    how.catch((error: unknown) => complain(error, FAILED));
  };
  const reload = (): void => {
    reloadFrom(server, again).then(
      () => say('reloaded\n'),
      (error: unknown) => complain(error, FAILED),
    );
  };
  const handlers = { SIGTERM: end, SIGINT: end, SIGHUP: reload } as const;
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  return {
    release: () => {
      for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
    },
  };
}

/** What may change while the server runs. A file that cannot be read changes nothing. */
async function reloadFrom(server: RunningTurnServer, again: () => CommandSettings): Promise<void> {
  const { users, secrets, listeners = [] } = again().server;
  const secure = listeners.find(({ certificate }) => certificate !== undefined);
  await server.reload({
    users,
    secrets,
    ...(secure?.certificate === undefined || secure.privateKey === undefined
      ? {}
      : { certificate: secure.certificate, privateKey: secure.privateKey }),
  });
}

function say(text: string): number {
  process.stdout.write(text);
  return ENDED;
}

function complain(error: unknown, code: number): number {
  process.stderr.write(`kaon-turn: ${error instanceof Error ? error.message : String(error)}\n`);
  return code;
}
