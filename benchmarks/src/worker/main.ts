/** One measured library in a process: `node main.ts kaon|werift|node-datachannel`. */
import { createInterface } from 'node:readline';
import type { Inputs } from '../media/inputs.ts';
import type { Callers, Port } from './connectivity/mux.ts';
import { connectAtOnce, pour, receive, throughput } from './flow.ts';
import type { Channel, End, Library } from './library.ts';
import { connect, cpuSeconds, echo, memory, ping, roundtrip } from './measure.ts';
import { cpu, flood } from './media/flood.ts';
import type { Party } from './media/kaon-pair.ts';
import { rate } from './media/operation.ts';
import type { Answers, Command } from './protocol.ts';

const MODULES = {
  kaon: () => import('./kaon.ts'),
  werift: () => import('./werift.ts'),
  'node-datachannel': () => import('./node-datachannel.ts'),
};

/** Loaded when media is measured; node-datachannel has none that would compare. */
const OPERATIONS = {
  kaon: () => import('./media/kaon.ts'),
  werift: () => import('./media/werift.ts'),
};
const MEDIA = {
  kaon: () => import('./media/kaon-pair.ts'),
  werift: () => import('./media/werift-pair.ts'),
};

console.log = console.error;
const name = process.argv[2] as keyof typeof MODULES;
const { library } = await MODULES[name]();
/** The end that this process holds when the other one is elsewhere. */
let half: End | undefined;
let inputs: Inputs = {};
let party: Party | undefined;
let port: Port | undefined;
let callers: Callers | undefined;

createInterface({ input: process.stdin })
  .on('line', (line) => {
    handle(JSON.parse(line) as Command).then(
      (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`),
      (error: unknown) => process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`),
    );
  })
  // Not left to the event loop: connections are not closed after every scenario.
  .on('close', () => process.exit(0));

async function handle(command: Command): Promise<Answers[Command['cmd']]> {
  switch (command.cmd) {
    case 'hello':
      return { name: library.name, version: library.version };
    case 'throughput':
      return throughput(library, command);
    case 'roundtrip':
      return roundtrip(library, command.size, command.seconds);
    case 'connect':
      return connect(library, command.count, command.route);
    case 'connect-at-once':
      return connectAtOnce(library, command.count);
    case 'memory':
      return memory(library, command.count, command.rounds);
    case 'offer':
      await end(library).offer(command.unreliable);
      return { sdp: await end(library).gathered() };
    case 'answer':
      await end(library).answer(command.sdp);
      return { sdp: await end(library).gathered() };
    case 'accept':
      await end(library).accept(command.sdp);
      return {};
    case 'opened':
      await channel();
      return {};
    case 'send':
      return send(await channel(), command.size, command.seconds);
    case 'receive':
      return receive([await channel()], command);
    case 'ping':
      return ping(await channel(), command.size, command.seconds);
    case 'echo':
      echo(await channel());
      return {};
    case 'inputs':
      inputs = command.inputs;
      return {};
    case 'operation': {
      const { operations } = await OPERATIONS[withMedia()]();
      const operation = operations[command.id]?.(inputs);
      return { rate: operation === undefined ? null : rate(operation, command.warmup, command.seconds) };
    }
    case 'packets':
      return flood(await (await MEDIA[withMedia()]()).media.packetLine(), command.warmup, command.seconds);
    case 'relay-publisher':
      return { sdp: await (await MEDIA[withMedia()]()).media.publisher(command.sdp) };
    case 'relay-viewer':
      return { sdp: await (await MEDIA[withMedia()]()).media.viewer(command.sdp) };
    case 'cpu':
      return cpu(command.warmup, command.seconds);
    case 'party-offer':
      party ??= new (await MEDIA.kaon()).Party();
      return { sdp: await party.offer(command.role) };
    case 'party-answer':
      await party?.accept(command.sdp);
      return {};
    case 'party-run':
      if (party === undefined) throw new Error('there is no party');
      return party.run(command.bitrate, command.warmup, command.seconds);
    case 'mux-listen':
      port = await (await import('./connectivity/mux.ts')).Port.listen();
      return {};
    case 'mux-answer':
      return { sdps: await shared().answer(command.offers) };
    case 'mux-figures':
      return shared().figures();
    case 'mux-offer':
      callers ??= new (await import('./connectivity/mux.ts')).Callers();
      return { sdps: await callers.offer(command.count) };
    case 'mux-accept':
      await callers?.accept(command.answers);
      return {};
    case 'mux-opened':
      await callers?.opened();
      return {};
    case 'mux-close':
      await callers?.close();
      await port?.closeConnections();
      return {};
    case 'idle':
      return (await import('./connectivity/idle.ts')).idle(command.count, command.minutes);
    case 'turn-server':
    case 'collect':
    case 'turn-load':
    case 'forward-load':
    case 'turn-allocate':
    case 'turn-release':
      throw new Error(`no ${command.cmd} here`);
  }
}

function shared(): Port {
  if (port === undefined) throw new Error('there is no port');
  return port;
}

function withMedia(): keyof typeof MEDIA {
  if (name === 'node-datachannel') throw new Error('no media is measured of node-datachannel');
  return name;
}

function end(from: Library): End {
  half ??= from.end();
  return half;
}

function channel(): Promise<Channel> {
  return end(library).open;
}

async function send(on: Channel, size: number, seconds: number): Promise<Answers['send']> {
  const before = process.cpuUsage();
  const pourer = pour(on, size);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const used = cpuSeconds(process.cpuUsage(before));
  pourer.stop();
  return { cpuSeconds: used };
}
