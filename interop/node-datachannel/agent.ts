/** node-datachannel (libdatachannel) behind the control protocol, by its native API. */
import ndc, { type DataChannel, type PeerConnection } from 'node-datachannel';
import { burstMessage, digest, materialise } from '../src/agent/payload.ts';
import type { ChannelFacts, ChannelInit, Command, PeerEvent, Result } from '../src/agent/protocol.ts';
import { serveStdio } from '../src/agent/stdio.ts';
import { packageVersion } from '../src/package-version.ts';

const VERSION = `${packageVersion('node-datachannel')} (libdatachannel ${ndc.getLibraryVersion()})`;

interface Connection {
  readonly pc: PeerConnection;
  readonly channels: Map<string, DataChannel>;
  incoming: number;
  described: (sdp: string) => void;
  gathered: () => void;
}

const connections = new Map<string, Connection>();

serveStdio((report) => async (command) => handle(command, report));

async function handle(command: Command, report: (event: PeerEvent) => void): Promise<Result> {
  if (command.cmd === 'hello') {
    return { name: 'node-datachannel', version: VERSION };
  }
  if (command.cmd === 'new') {
    connections.set(command.pc, connect(command.pc, report));
    return {};
  }
  const connection = connections.get(command.pc);
  if (connection === undefined) throw new Error(`no connection ${command.pc}`);
  const { pc, channels } = connection;
  switch (command.cmd) {
    case 'channel':
      adopt(
        connection,
        command.pc,
        command.channel,
        pc.createDataChannel(command.label, nativeInit(command.init)),
        report,
      );
      return {};
    case 'offer':
      return { sdp: await describe(connection, 'offer', command.trickle) };
    case 'answer':
      pc.setRemoteDescription(command.sdp, 'offer');
      return { sdp: await describe(connection, 'answer', command.trickle) };
    case 'accept':
      pc.setRemoteDescription(command.sdp, 'answer');
      return {};
    case 'candidate':
      // An end-of-candidates line is not a candidate to it.
      if (command.candidate.candidate !== '')
        pc.addRemoteCandidate(command.candidate.candidate, command.candidate.sdpMid ?? '0');
      return {};
    case 'close':
      connections.delete(command.pc);
      pc.close();
      return {};
  }
  if (!('channel' in command)) throw new Error(`no ${command.cmd} here`);
  const channel = channels.get(command.channel);
  if (channel === undefined) throw new Error(`no channel ${command.channel}`);
  switch (command.cmd) {
    case 'send': {
      const data = materialise(command.payload);
      if (typeof data === 'string') channel.sendMessage(data);
      else channel.sendMessageBinary(data);
      return {};
    }
    case 'burst':
      for (let i = 0; i < command.count; i++) channel.sendMessageBinary(burstMessage(i, command.size));
      return {};
    case 'closeChannel':
      channel.close();
      return {};
    case 'facts':
      return { facts: factsOf(channel) };
  }
}

function connect(name: string, report: (event: PeerEvent) => void): Connection {
  const pc = new ndc.PeerConnection(name, { iceServers: [], maxMessageSize: 262144, disableAutoNegotiation: true });
  const connection: Connection = { pc, channels: new Map(), incoming: 0, described: () => {}, gathered: () => {} };
  pc.onStateChange((state) => report({ event: 'state', pc: name, state }));
  pc.onLocalDescription((sdp) => connection.described(sdp));
  pc.onLocalCandidate((candidate, sdpMid) =>
    report({ event: 'candidate', pc: name, candidate: { candidate, sdpMid } }),
  );
  pc.onGatheringStateChange((state) => {
    if (state !== 'complete') return;
    report({ event: 'candidate', pc: name, candidate: null });
    connection.gathered();
  });
  pc.onDataChannel((channel) => {
    const key = `in${++connection.incoming}`;
    report({ event: 'channel', pc: name, channel: key, facts: factsOf(channel) });
    adopt(connection, name, key, channel, report);
    report({ event: 'open', pc: name, channel: key });
  });
  return connection;
}

function adopt(
  connection: Connection,
  pc: string,
  key: string,
  channel: DataChannel,
  report: (event: PeerEvent) => void,
): void {
  connection.channels.set(key, channel);
  channel.onOpen(() => report({ event: 'open', pc, channel: key }));
  channel.onClosed(() => report({ event: 'closed', pc, channel: key }));
  channel.onMessage((data) => report({ event: 'message', pc, channel: key, digest: digest(data) }));
}

async function describe(connection: Connection, type: 'offer' | 'answer', trickle: boolean): Promise<string> {
  const described = new Promise<string>((resolve) => {
    connection.described = resolve;
  });
  const gathered = new Promise<void>((resolve) => {
    connection.gathered = resolve;
  });
  connection.pc.setLocalDescription(type);
  const sdp = await described;
  if (trickle) return sdp;
  await gathered;
  return connection.pc.localDescription()?.sdp ?? sdp;
}

/** Its API tells nothing of a channel's reliability. */
function factsOf(channel: DataChannel): ChannelFacts {
  return { label: channel.getLabel(), protocol: channel.getProtocol(), id: channel.getId() };
}

function nativeInit({ ordered, ...rest }: ChannelInit): ChannelInit & { unordered?: boolean } {
  return ordered === false ? { ...rest, unordered: true } : rest;
}
