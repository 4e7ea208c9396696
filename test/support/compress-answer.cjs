// The yardstick for snapshots: the bytes of an answer through the same compression, and nothing else.
const { get } = require('node:http');
const { pipeline } = require('node:stream/promises');
const { constants, createZstdCompress } = require('node:zlib');

const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 };

exports.handler = async ({ url }) => {
  const answer = await new Promise((resolve, reject) => get(url, resolve).on('error', reject));
  let bytes = 0;
  await pipeline(answer, createZstdCompress({ params, chunkSize: 131_072 }), async (pieces) => {
    for await (const piece of pieces) bytes += piece.length;
  });
  return { bytes };
};
