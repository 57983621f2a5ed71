/**
 * What relaying costs on this platform without TURN: `node forwarder.ts ADDRESS` passes datagrams on between clients of its port and
 * one peer of each, by `node:dgram` alone. A client says `P`, then its peer's port, and is told the port that faces the peer.
 */
import { createSocket, type Socket } from 'node:dgram';

const address = process.argv[2] ?? '127.0.0.1';
const KERNEL_BUFFER = 4 << 20;

const front = await bind();
const clients = new Map<number, { readonly back: Socket; readonly peer: number }>();
front.on('message', (bytes, { port }) => {
  const client = clients.get(port);
  if (client !== undefined) client.back.send(bytes, client.peer, address);
  else void welcome(port, Number(bytes.toString().slice(1)));
});
process.stdout.write(`${JSON.stringify({ port: front.address().port })}\n`);
process.stdin.resume().on('end', () => process.exit(0));

async function welcome(port: number, peer: number): Promise<void> {
  const back = await bind();
  clients.set(port, { back, peer });
  back.on('message', (bytes) => front.send(bytes, port, address));
  front.send(`${back.address().port}`, port, address);
}

async function bind(): Promise<Socket> {
  // Addresses are numeric: no resolver, so that a datagram leaves at once.
  const socket = createSocket({ type: 'udp4', lookup: (host, _, callback) => callback(null, host, 4) });
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  socket.setRecvBufferSize(KERNEL_BUFFER);
  socket.setSendBufferSize(KERNEL_BUFFER);
  return socket;
}
