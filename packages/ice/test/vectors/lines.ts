/** Candidate lines as browsers write them (transport in lower case, which is how it is written back), and of RFC 8839. */
export const LINES: readonly string[] = [
  'candidate:786739729 1 udp 2122260223 10.99.0.1 46743 typ host generation 0 network-id 1',
  'candidate:1345015945 1 tcp 1518280447 10.99.0.1 9 typ host tcptype active generation 0 network-id 1',
  'candidate:0 1 udp 2122252543 10.99.0.1 33845 typ host',
  'candidate:1 1 tcp 2105524479 10.99.0.1 9 typ host tcptype active',
  'candidate:0 2 udp 2122252542 10.99.0.1 35410 typ host',
  'candidate:842163049 1 udp 1677729535 203.0.113.9 46154 typ srflx raddr 10.0.0.1 rport 5000 generation 0 ufrag EsAw network-id 3 network-cost 10',
  'candidate:3 1 udp 8331007 198.51.100.7 61000 typ relay raddr 203.0.113.9 rport 46154',
  'candidate:1 1 udp 2130706431 2001:db8::1 8998 typ host',
  'candidate:2 1 udp 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998',
  'candidate:4 1 udp 2113937151 5a0b7c1e-6a5c-4b1e-9a53-0a1b2c3d4e5f.local 50000 typ host generation 0 network-cost 999',
  'candidate:5 1 tcp 1671430143 192.0.2.1 443 typ srflx raddr 0.0.0.0 rport 0 tcptype passive',
];
