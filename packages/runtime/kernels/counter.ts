/**
 * The half of AES counter mode that is not AES, in AssemblyScript: counter blocks and the XOR with the key stream. AES itself stays
 * with the platform, as with kernels/gcm.ts.
 *
 * All addresses come from the caller, who owns the memory. `pnpm --filter @kaon/runtime build:kernels` turns this file into
 * src/node/kernels/counter.wasm.ts.
 */

/**
 * Writes the counter blocks of `packets` packets, `blocks` each, to `out`. The counter of the first block is that at `mask` with
 * `high` and `low`, together the packet's 48-bit index, put onto bytes 8 to 13 by XOR (RFC 3711 §4.1.1). The index goes up by one
 * from packet to packet, and the caller sees to it that `low` does not wrap. The last 16 bits count the blocks of a packet.
 */
export function counters(out: usize, mask: usize, high: u32, low: u32, packets: u32, blocks: u32): void {
  const base = v128.load(mask);
  for (let packet: u32 = 0; packet < packets; packet++) {
    const index = ((<u64>high) << 48) | ((<u64>(low + packet)) << 16);
    const first = v128.xor(base, i64x2(0, bswap<u64>(index)));
    for (let block: u32 = 0; block < blocks; block++) {
      // The two bytes of the count are 0 in the mask.
      v128.store(out, v128.xor(first, i64x2(0, bswap<u64>(<u64>block))));
      out += 16;
    }
  }
}

/** XORs the key stream at `stream` onto the data. Whole blocks: up to 15 bytes behind the data are overwritten. */
export function xor(stream: usize, data: usize, length: u32): void {
  const end = data + length;
  while (data < end) {
    v128.store(data, v128.xor(v128.load(data), v128.load(stream)));
    data += 16;
    stream += 16;
  }
}
