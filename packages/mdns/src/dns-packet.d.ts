/** What this package uses of dns-packet, whose own types would bring those of Node. */
declare module 'dns-packet' {
  interface DnsQuestion {
    name: string;
    type: string;
    class?: string;
  }
  interface DnsRecord {
    name: string;
    type: string;
    class?: string;
    ttl?: number;
    flush?: boolean;
    data?: unknown;
  }
  interface DnsMessage {
    id?: number;
    type: string;
    flags?: number;
    questions?: DnsQuestion[];
    answers?: DnsRecord[];
    authorities?: DnsRecord[];
    additionals?: DnsRecord[];
  }
  const dnsPacket: {
    readonly AUTHORITATIVE_ANSWER: number;
    encode(message: DnsMessage): Uint8Array;
    readonly decode: {
      /** Wants Node's Buffer. Throws on most bytes that are no message. */
      (buffer: Uint8Array): Required<DnsMessage> & { readonly opcode: string; readonly rcode: string };
      /** How many bytes the last message had, as its records say: maybe more than there were. */
      readonly bytes: number;
    };
  };
  export default dnsPacket;
}
