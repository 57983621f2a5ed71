import { writeU16 } from '@kaon/wire';
import { RtpError } from './errors.ts';
import { ONE_BYTE_PROFILE, TWO_BYTE_PROFILE } from './extension-block.ts';

/** One element of a block: its id and how many bytes of data it has. */
export interface ExtensionElement {
  /** 1 to 14 in the one-byte form, 1 to 255 in the two-byte form. */
  readonly id: number;
  /** 1 to 16 in the one-byte form, 0 to 255 in the two-byte form. */
  readonly length: number;
}

/** How a block may be laid out. */
export interface ExtensionLayoutOptions {
  /**
   * Whether the two-byte form may be used where an element needs it (`a=extmap-allow-mixed`, RFC 8285 §6). Default true; when
   * false, such an element throws.
   */
  readonly allowTwoByte?: boolean | undefined;
}

/**
 * The extension block of a stream whose elements are the same in each packet: laid out once, then written as a template whose
 * data (zeros) is filled in place. The one-byte form is used when every element fits it.
 */
export class ExtensionLayout {
  readonly #template: Uint8Array;
  /** Offset of each element's data by its id; 0: not in the block. */
  readonly #offsets = new Uint16Array(256);

  /** Throws RtpError (`RTP_BAD_EXTENSION`) when an element does not fit or is there twice. */
  constructor(elements: readonly ExtensionElement[], options: ExtensionLayoutOptions = {}) {
    const twoByte = needsTwoByte(elements, options.allowTwoByte ?? true);
    this.#template = new Uint8Array(blockLength(elements, twoByte));
    if (elements.length === 0) return;
    writeBlockHeader(this.#template, 0, this.#template.length, twoByte);
    let at = BLOCK_HEADER;
    for (const { id, length } of elements) {
      if (this.#offsets[id] !== 0) throw new RtpError('RTP_BAD_EXTENSION', `extension id ${id} is there twice`);
      at = writeElementHeader(this.#template, at, id, length, twoByte);
      this.#offsets[id] = at;
      at += length;
    }
  }

  /** Bytes of the whole block with its header and padding; 0 when there are no elements. */
  get length(): number {
    return this.#template.length;
  }

  /** Writes the block, data as zeros, to `buffer[offset, offset + length)`, which must be there. */
  write(buffer: Uint8Array, offset: number): void {
    const template = this.#template;
    // Blocks are short: a loop beats a call of set().
    for (let i = 0; i < template.length; i++) buffer[offset + i] = template[i]!;
  }

  /** Where the data of this element begins, counted from the start of the block; -1 when the block has no such element. */
  offset(id: number): number {
    const offset = this.#offsets[id];
    return offset === undefined || offset === 0 ? -1 : offset;
  }
}

/** An element whose length is told, or that of its data. */
type MeasuredElement = ExtensionElement | { readonly id: number; readonly data: Uint8Array };

/** Bytes of "defined by profile" and "length". */
export const BLOCK_HEADER = 4;

/** Whether the elements need the two-byte form. Throws RtpError (`RTP_BAD_EXTENSION`) for those that fit neither. */
export function needsTwoByte(elements: readonly MeasuredElement[], allowed: boolean): boolean {
  let twoByte = false;
  for (const element of elements) {
    const { id } = element;
    const length = lengthOf(element);
    if (!Number.isInteger(id) || id < 1 || id > 255)
      throw new RtpError('RTP_BAD_EXTENSION', `extension id ${id} is not from 1 to 255`);
    if (!Number.isInteger(length) || length < 0 || length > 255)
      throw new RtpError('RTP_BAD_EXTENSION', `extension ${id} has ${length} bytes, not 0 to 255`);
    if (id <= 14 && length >= 1 && length <= 16) continue;
    if (!allowed) throw new RtpError('RTP_BAD_EXTENSION', `extension ${id} of ${length} bytes needs the two-byte form`);
    twoByte = true;
  }
  return twoByte;
}

/** Bytes of a block of these elements, with its header and padding; 0 without elements. */
export function blockLength(elements: readonly MeasuredElement[], twoByte: boolean): number {
  if (elements.length === 0) return 0;
  let length = BLOCK_HEADER;
  for (const element of elements) length += (twoByte ? 2 : 1) + lengthOf(element);
  return (length + 3) & ~3;
}

/** Writes the header of a block of `length` bytes at `at`. */
export function writeBlockHeader(buffer: Uint8Array, at: number, length: number, twoByte: boolean): void {
  writeU16(buffer, at, twoByte ? TWO_BYTE_PROFILE : ONE_BYTE_PROFILE);
  writeU16(buffer, at + 2, (length - BLOCK_HEADER) >>> 2);
}

/** Writes the header of an element at `at` and returns where its data goes. */
export function writeElementHeader(
  buffer: Uint8Array,
  at: number,
  id: number,
  length: number,
  twoByte: boolean,
): number {
  if (!twoByte) {
    buffer[at] = (id << 4) | (length - 1);
    return at + 1;
  }
  buffer[at] = id;
  buffer[at + 1] = length;
  return at + 2;
}

function lengthOf(element: MeasuredElement): number {
  return 'data' in element ? element.data.length : element.length;
}
