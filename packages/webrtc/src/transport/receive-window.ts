import type { UdpSocket } from '@kaon/interface/network/v1';

/** Bytes. Enough for 160 Mbit/s over 50 ms; beyond it ten busy connections push each other out of the processor's caches. */
const LARGEST = 1024 * 1024;
/** Bytes. Less would slow down long paths, where packets do not come in bursts that fill the kernel's buffer. */
const SMALLEST = 512 * 1024;

/**
 * The SCTP receive window in bytes for what the kernel holds for these sockets while the process is busy: a larger one only
 * lets a fast sender fill the kernel's buffers until they drop.
 */
export function receiveWindow(sockets: Iterable<Pick<UdpSocket, 'receiveBufferSize'>>): number {
  let window = LARGEST;
  for (const { receiveBufferSize } of sockets) window = Math.min(window, receiveBufferSize ?? LARGEST);
  return Math.max(window, SMALLEST);
}
