/**
 * AES-GCM with nonces of 96 bits out of Wycheproof, testvectors_v1/aes_gcm_test.json of github.com/C2SP/wycheproof at
 * commit 6fc4a87a4c4e2264b2f0d6862bbd900b5b25717e (Apache-2.0), by their tcId. All in hexadecimal.
 */
export interface GcmVector {
  readonly tcId: number;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly valid: boolean;
}

const FLIPPED = {
  key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  iv: '505152535455565758595a5b',
  aad: '',
  msg: '202122232425262728292a2b2c2d2e2f',
  ct: 'b2061457c0759fc1749f174ee1ccadfa',
  valid: false,
};

const SPECIAL = {
  key: '00112233445566778899aabbccddeeff102132435465768798a9bacbdcedfe0f',
  aad: '',
  valid: true,
};

export const GCM_VECTORS: readonly GcmVector[] = [
  {
    tcId: 1,
    key: '5b9604fe14eadba931b0ccf34843dab9',
    iv: '028318abc1824029138141a2',
    aad: '',
    msg: '001d0c231287c1182784554ca3a21908',
    ct: '26073cc1d851beff176384dc9896d5ff',
    tag: '0a3ea7a5487cb5f7d70fb6c58d038554',
    valid: true,
  },
  {
    tcId: 2,
    key: '5b9604fe14eadba931b0ccf34843dab9',
    iv: '921d2507fa8007b7bd067d34',
    aad: '00112233445566778899aabbccddeeff',
    msg: '001d0c231287c1182784554ca3a21908',
    ct: '49d8b9783e911913d87094d1f63cc765',
    tag: '1e348ba07cca2cf04c618cb4d43a5b92',
    valid: true,
  },
  {
    tcId: 3,
    key: 'aa023d0478dcb2b2312498293d9a9129',
    iv: '0432bc49ac34412081288127',
    aad: 'aac39231129872a2',
    msg: '2035af313d1346ab00154fea78322105',
    ct: 'eea945f3d0f98cc0fbab472a0cf24e87',
    tag: '4bb9b4812519dadf9e1232016d068133',
    valid: true,
  },
  {
    tcId: 4,
    key: 'bedcfb5a011ebc84600fcb296c15af0d',
    iv: '438a547a94ea88dce46c6c85',
    aad: '',
    msg: '',
    ct: '',
    tag: '960247ba5cde02e41a313c4c0136edc3',
    valid: true,
  },
  {
    tcId: 5,
    key: '384ea416ac3c2f51a76e7d8226346d4e',
    iv: 'b30c084727ad1c592ac21d12',
    aad: '',
    msg: '35',
    ct: '54',
    tag: '7c1e4ae88bb27e5638343cb9fd3f6337',
    valid: true,
  },
  {
    tcId: 7,
    key: 'dd6197cd63c963919cf0c273ef6b28bf',
    iv: 'ecb0c42f7000ef0e6f95f24d',
    aad: '',
    msg: '4dcc1485365866e25ac3f2ca6aba97',
    ct: '8a9992388e735f80ee18f4a63c10ad',
    tag: '1486a91cccf92c9a5b00f7b0e034891c',
    valid: true,
  },
  {
    tcId: 9,
    key: 'c15ed227dd2e237ecd087eaaaad19ea4',
    iv: '965ff6643116ac1443a2dec7',
    aad: '',
    msg: 'fee62fde973fe025ad6b322dcdf3c63fc7',
    ct: '0de51fe4f7f2d1f0f917569f5c6d1b009c',
    tag: '6cd8521422c0177e83ef1b7a845d97db',
    valid: true,
  },
  {
    tcId: 10,
    key: 'a8ee11b26d7ceb7f17eaa1e4b83a2cf6',
    iv: 'fbbc04fd6e025b7193eb57f6',
    aad: '',
    msg: 'c08f085e6a9e0ef3636280c11ecfadf0c1e72919ffc17eaf',
    ct: '7cd9f4e4f365704fff3b9900aa93ba54b672bac554275650',
    tag: 'f4eb193241226db017b32ec38ca47217',
    valid: true,
  },
  {
    tcId: 11,
    key: '28ff3def08179311e2734c6d1c4e2871',
    iv: '32bcb9b569e3b852d37c766a',
    aad: 'c3',
    msg: 'dfc61a20df8505b53e3cd59f25770d5018add3d6',
    ct: 'f58d453212c2c8a436e9283672f579f119122978',
    tag: '5901131d0760c8715901d881fdfd3bc0',
    valid: true,
  },
  {
    tcId: 13,
    key: '38449890234eb8afab0bbf82e2385454',
    iv: '33e90658416e7c1a7c005f11',
    aad: '4020855c66ac4595058395f367201c4c',
    msg: 'f762776bf83163b323ca63a6b3adeac1e1357262',
    ct: 'a6f2ef3c7ef74a126dd2d5f6673964e27d5b34b6',
    tag: 'b8bbdc4f5014bc752c8b4e9b87f650a3',
    valid: true,
  },
  {
    tcId: 14,
    key: '6a68671dfe323d419894381f85eb63fd',
    iv: '9f0d85b605711f34cd2a35ba',
    aad: '76eb5f147250fa3c12bff0a6e3934a0b16860cf11646773b',
    msg: '0fc67899c3f1bbe196d90f1eca3797389230aa37',
    ct: 'bd64802cfebaeb487d3a8f76ce943a37b3472dd5',
    tag: 'fce9a5b530c7d7af718be1ec0ae9ed4d',
    valid: true,
  },
  {
    tcId: 15,
    key: 'bb571c160132b0c8d5d190d0bc356ddc',
    iv: '2596c440cf0232950ec66bc4',
    aad: '',
    msg: '053be1b6190a717fc74c879e6fd62dc44628495507e50d662271dee795a4ad26e0c4f86cb6b20ac6bd9d682d2d8a05c9dad875a6911b49ea0af4f17c97a5f2',
    ct: 'b1cfad142a462f3656e0921627fd41d4f1fa8e2f8bd94bb51fdcf06f606296f7d2885337bed7a4ca6ddb4a9fc7fdb2476b5f7fa5220e1d6752a5e7c31c916c',
    tag: 'a231b617352ffdb63d32d69d99e7d629',
    valid: true,
  },
  {
    ...SPECIAL,
    tcId: 128,
    iv: '000000000000000000000000',
    msg: '561008fa07a68f5c61285cd013464eaf',
    ct: '23293e9b07ca7d1b0cae7cc489a973b3',
    tag: 'ffffffffffffffffffffffffffffffff',
  },
  {
    ...SPECIAL,
    tcId: 129,
    iv: 'ffffffffffffffffffffffff',
    msg: 'c6152244cea1978d3e0bc274cf8c0b3b',
    ct: '7cb6fc7c6abc009efe9551a99f36a421',
    tag: '00000000000000000000000000000000',
  },
  { ...FLIPPED, tcId: 130, tag: '9de8fef6d8ab1bf1bf887232eab590dd' },
  { ...FLIPPED, tcId: 132, tag: '1ce8fef6d8ab1bf1bf887232eab590dd' },
  { ...FLIPPED, tcId: 137, tag: '9ce8fef6d8ab1b71bf887232eab590dd' },
  { ...FLIPPED, tcId: 138, tag: '9ce8fef6d8ab1bf1be887232eab590dd' },
  { ...FLIPPED, tcId: 148, tag: '9ce8fef6d8ab1bf1bf887232eab5905d' },
  { ...FLIPPED, tcId: 149, tag: '9de8fef6d8ab1bf1be887232eab590dd' },
  { ...FLIPPED, tcId: 152, tag: '631701092754e40e40778dcd154a6f22' },
  { ...FLIPPED, tcId: 153, tag: '00000000000000000000000000000000' },
  { ...FLIPPED, tcId: 154, tag: 'ffffffffffffffffffffffffffffffff' },
  { ...FLIPPED, tcId: 156, tag: '9de9fff7d9aa1af0be897333ebb491dc' },
];
