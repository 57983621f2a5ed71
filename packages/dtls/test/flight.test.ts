import { Reader, Slot } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { Flight, type FlightItem } from '../src/handshake/flight.ts';
import { Reassembler } from '../src/handshake/reassembly.ts';
import { readHandshakeFragment } from '../src/messages/handshake-fragment.ts';
import { RecordReader } from '../src/record/reader.ts';
import { RecordWriter } from '../src/record/writer.ts';

function item(sequence: number, length: number): FlightItem {
  return { contentType: 22, epoch: 0, type: 11, sequence, body: new Uint8Array(length).fill(sequence + 1) };
}

/** All datagrams that the flight wants to send. */
function drain(flight: Flight, writer: RecordWriter, mtu: number): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  const slot = new Slot(mtu);
  while (flight.write(slot, slot.limit, writer)) {
    datagrams.push(slot.bytes.slice());
    slot.reset();
  }
  return datagrams;
}

describe('Flight', () => {
  it.each([64, 100, 300, 1200])('is cut into datagrams of %i bytes that reassemble', (mtu) => {
    const flight = new Flight(100);
    flight.send([item(0, 900), item(1, 5), item(2, 0), item(3, 250)], true, 0);
    const datagrams = drain(flight, new RecordWriter(), mtu);
    expect(Math.max(...datagrams.map((datagram) => datagram.length))).toBeLessThanOrEqual(mtu);
    const reassembler = new Reassembler();
    const reader = new RecordReader(
      {
        record: (_type, epoch, bytes, start, end) => {
          const fragment = readHandshakeFragment(new Reader(bytes, start, end));
          if (!('malformed' in fragment)) reassembler.insert(fragment, epoch);
        },
        dropped: (reason) => expect.unreachable(reason),
      },
      64,
    );
    for (const datagram of datagrams.reverse()) reader.handleDatagram(datagram);
    const lengths = [0, 1, 2, 3].map(() => reassembler.take()?.body.length);
    expect(lengths).toEqual([900, 5, 0, 250]);
  });

  it('packs messages into few datagrams', () => {
    const flight = new Flight(100);
    flight.send([item(0, 100), item(1, 100), item(2, 100)], true, 0);
    expect(drain(flight, new RecordWriter(), 1200).length).toBe(1);
  });

  it('is sent again by a timer that doubles up to 60 s, with new record numbers', () => {
    const flight = new Flight(100);
    const writer = new RecordWriter();
    flight.send([item(0, 10)], true, 0);
    const first = drain(flight, writer, 1200);
    const pauses: number[] = [];
    let now = 0;
    for (let i = 0; i < 13; i++) {
      const due = flight.pollTimeout();
      pauses.push(due - now);
      expect(flight.handleTimeout(due - 1)).toBe(false);
      now = due;
      expect(flight.handleTimeout(now)).toBe(true);
      const again = drain(flight, writer, 1200);
      expect(again.length).toBe(1);
      expect(again[0]).not.toEqual(first[0]);
      expect(again[0]?.subarray(13)).toEqual(first[0]?.subarray(13));
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000, 60000]);
    expect(flight.retransmissions).toBe(13);
  });

  it('has no timer when no answer is due, or the answer is there', () => {
    const flight = new Flight(100);
    flight.send([item(0, 10)], false, 0);
    expect(flight.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
    flight.send([item(0, 10)], true, 0);
    flight.answered();
    expect(flight.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('is repeated when the peer repeats, but not for each of its messages', () => {
    const flight = new Flight(100);
    const writer = new RecordWriter();
    flight.send([item(0, 10)], false, 0);
    drain(flight, writer, 1200);
    expect(flight.peerRepeated(10)).toBe(false);
    expect(flight.peerRepeated(60)).toBe(true);
    expect(flight.peerRepeated(61)).toBe(false);
    expect(drain(flight, writer, 1200).length).toBe(1);
    expect(flight.peerRepeated(70)).toBe(false);
    expect(flight.peerRepeated(120)).toBe(true);
    expect(flight.repetitions).toBe(2);
  });

  it('is gone after clear', () => {
    const flight = new Flight(100);
    flight.send([item(0, 10)], true, 0);
    flight.clear();
    expect(flight.pending).toBe(false);
    expect(flight.peerRepeated(1000)).toBe(false);
  });

  it('writes nothing into a slot that is too small', () => {
    const flight = new Flight(100);
    flight.send([item(0, 100)], true, 0);
    const slot = new Slot(40);
    expect(flight.write(slot, slot.limit, new RecordWriter())).toBe(false);
    expect(flight.pending).toBe(true);
  });
});
