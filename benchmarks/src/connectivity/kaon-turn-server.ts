/** Kaon's TURN server in a process of its own: `node kaon-turn-server.ts ADDRESS`. Answers each line of standard input. */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTurnServer } from '@kaon/turn/node';

const address = process.argv[2] ?? '127.0.0.1';
const server = await createTurnServer({
  realm: 'bench',
  users: { u: 'p' },
  listeners: [{ protocol: 'udp', address, port: 0 }],
  relayAddresses: [address],
  // Peers and clients of the benchmark are all at this one address.
  allowedPeers: [address],
  maxAllocationsPerAddress: 10_000,
});
say({ port: server.addresses[0]?.port });

createInterface({ input: process.stdin })
  .on('line', () => {
    void collect().then(async () => say({ allocations: (await server.metrics())['allocations'] ?? 0 }));
  })
  .on('close', () => {
    void server.close().then(() => process.exit(0));
  });

/** Collects garbage, so that the memory of a server is what it needs. */
async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await sleep(50);
  }
}

function say(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
