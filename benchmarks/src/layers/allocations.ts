/**
 * Bytes that a packet takes from the heap, and in array buffers, layer by layer and in memory: counted, not timed. Prints JSON.
 * packages/checks/test/allocations.test.ts starts it so that nothing is collected or compiled beside the count.
 */
import { verifyFingerprints } from '@kaon/dtls';
import { Certificate } from '@kaon/dtls/certificate';
import { Agent } from '@kaon/ice';
import { nodeCrypto } from '@kaon/runtime/node';
import { SRTP_PROFILES, type SrtpProfile, SrtpSession } from '@kaon/srtp';
import { DataStack } from '@kaon/webrtc';
import { Slot, transportAddress } from '@kaon/wire';
import { connectDtls, PATH } from './dtls.ts';
import { Bench } from './streams.ts';

/** Of a round: enough for what comes once in many packets to show, few enough for the young generation. */
const PACKETS = 2000;
const WARM_ROUNDS = 10;
const ROUNDS = 7;
/** So that a message fills a packet. */
const MESSAGE = 1024;

export interface Allocation {
  readonly name: string;
  /** Of each packet or message. */
  readonly heap: number;
  readonly arrayBuffers: number;
}

const found: Allocation[] = [];
const certificate = await Certificate.generate();
dtls();
srtp(SRTP_PROFILES.AEAD_AES_128_GCM);
srtp(SRTP_PROFILES.AES_CM_128_HMAC_SHA1_80);
sctp();
await stack();
console.log(JSON.stringify(found));
process.exit(0);

function dtls(): void {
  const [a, b] = connectDtls(certificate, nodeCrypto, 0xc02b);
  const slot = new Slot(1200);
  const received = new Uint8Array(1200);
  const seal = (): void => {
    slot.reset();
    slot.start += a.headroom;
    slot.end = slot.start + 1100;
    a.seal(slot, 0);
  };
  count('dtls: seal', seal);
  // What was sealed in vain is lost on the way for the receiver.
  count('dtls: seal and open', () => {
    seal();
    received.set(slot.bytes);
    b.handleRecord(received.subarray(0, slot.bytes.length), PATH, 0);
    if (b.pollPlaintext() === undefined) throw new Error('a record that does not open');
  });
}

function srtp(profile: SrtpProfile): void {
  const key = new Uint8Array(profile.keyLength).fill(1);
  const salt = new Uint8Array(profile.saltLength).fill(2);
  const keys = { profile, localKey: key, localSalt: salt, remoteKey: key, remoteSalt: salt };
  const [sender, receiver] = [
    new SrtpSession({ ...keys, crypto: nodeCrypto }),
    new SrtpSession({ ...keys, crypto: nodeCrypto }),
  ];
  const packet = new Uint8Array(1200 + sender.overhead);
  const header = new Uint8Array(12);
  let sequenceNumber = 0;
  const protect = (): number => {
    sequenceNumber = (sequenceNumber + 1) & 0xffff;
    header[0] = 0x80;
    header[1] = 96;
    header[2] = sequenceNumber >>> 8;
    header[3] = sequenceNumber & 0xff;
    packet.set(header);
    return sender.protectRtp(packet, 0, 1200);
  };
  count(`srtp: protect, ${profile.name}`, protect);
  count(`srtp: protect and unprotect, ${profile.name}`, () => {
    if (receiver.unprotectRtp(packet, 0, protect()) !== 1200) throw new Error('not authentic');
  });
}

/** Both ends, with their SACKs. The copies of the packets and the message are the receiver's and the sender's own. */
function sctp(): void {
  const bench = new Bench(nodeCrypto.random, false);
  const message = new Uint8Array(MESSAGE);
  let written = 0;
  count('sctp: send and receive a message', () => {
    if (!bench.association.write(0, 53, message, bench.now)) throw new Error('the send queue is full');
    if (++written % 50 === 0) bench.settle();
  });
}

/** Data channels over SCTP, DTLS and ICE as an RTCPeerConnection has them, without its sockets and events. */
async function stack(): Promise<void> {
  const certificates = [certificate, await Certificate.generate()] as const;
  const agents = certificates.map(
    (_, i) => new Agent({ role: i === 0 ? 'controlling' : 'controlled', random: nodeCrypto.random }),
  ) as [Agent, Agent];
  const stacks = agents.map((agent) => new DataStack(agent)) as [DataStack, DataStack];
  agents.forEach((agent, i) => {
    agent.addLocalBase({ address: transportAddress(`192.0.2.${i + 1}`, 5000) }, 0);
    agent.endOfLocalCandidates(0);
    agent.setRemoteCredentials(agents[1 - i]!.localCredentials, 0);
  });
  agents.forEach((agent, i) => {
    for (const { candidate } of agents[1 - i]!.stats().localCandidates) agent.addRemoteCandidate(candidate, 0);
    agent.endOfRemoteCandidates(0);
    const fingerprints = certificates[1 - i]!.fingerprints();
    const { chain, privateKey } = certificates[i]!;
    stacks[i]!.establish(
      {
        role: i === 0 ? 'server' : 'client',
        certificate: { chain, signer: nodeCrypto.signer(privateKey) },
        verifyPeer: ({ chain: [first] }) =>
          first !== undefined && verifyFingerprints(first, fingerprints)
            ? undefined
            : Object.assign(new Error('stranger'), { code: 'STRANGER' }),
        crypto: nodeCrypto,
        localSctpPort: 5000,
        remoteSctpPort: 5000,
        sendMessageSize: 262144,
        receiveMessageSize: 262144,
        mtu: 1200,
      },
      0,
    );
  });
  const slot = new Slot(1500);
  let now = 0;
  let arrived = 0;
  const settle = (): void => {
    for (let moved = true; moved; ) {
      moved = false;
      now += 0.05;
      for (const from of [0, 1] as const) {
        const to = stacks[1 - from]!;
        for (slot.reset(); stacks[from].pollTransmit(slot, now); slot.reset()) {
          moved = true;
          const path = slot.path!;
          // A copy for the receiver to keep, as a socket would give it; it counts.
          to.handleDatagram(slot.bytes.slice(), { protocol: 'udp', local: path.remote, remote: path.local }, now);
        }
      }
      for (const side of stacks) {
        for (let event = side.pollEvent(); event !== undefined; event = side.pollEvent()) {
          if (event.type === 'message') arrived++;
        }
      }
    }
  };
  const connected = (): boolean => stacks.every(({ channels }) => channels !== undefined);
  for (let i = 0; i < 5000 && !connected(); i++) {
    now += 1;
    for (const side of stacks) side.handleTimeout(now);
    settle();
  }
  const channel = stacks[0].channels!.open({ label: 'count' }, now);
  settle();
  const message = new Uint8Array(MESSAGE);
  let written = 0;
  count('webrtc stack: send and receive a message', () => {
    if (!channel.send(message, true, now)) throw new Error('the send queue is full');
    if (++written % 50 > 0) return;
    const wanted = written;
    for (let turns = 0; arrived < wanted; turns++) {
      settle();
      if (arrived >= wanted) break;
      if (turns > 500) throw new Error(`${wanted - arrived} messages are missing`);
      now += 1;
      for (const side of stacks) side.handleTimeout(now);
    }
  });
}

/** The median of some rounds, so that neither a collection nor a table that grows once decides. */
function count(name: string, operation: () => unknown): void {
  const round = (): void => {
    for (let i = 0; i < PACKETS; i++) operation();
  };
  for (let i = 0; i < WARM_ROUNDS; i++) round();
  const heaps: number[] = [];
  const buffers: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    globalThis.gc?.();
    const before = process.memoryUsage();
    round();
    const after = process.memoryUsage();
    heaps.push(after.heapUsed - before.heapUsed);
    buffers.push(after.arrayBuffers - before.arrayBuffers);
  }
  const middle = (values: number[]): number => Math.round(values.sort((a, b) => a - b)[ROUNDS >> 1]! / PACKETS);
  found.push({ name, heap: middle(heaps), arrayBuffers: middle(buffers) });
}
