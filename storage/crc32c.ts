/** Castagnoli polynomial, reflected: LevelDB's own checksum, which zlib does not offer. */
export const polynomial = 0x82f63b78;
/** LevelDB stores checksums rotated and shifted by this, so that a checksum over checksums stays meaningful. */
const maskDelta = 0xa282ead8;

/** Eight tables of 256, to take eight bytes a step: a write-ahead log of 32 MiB must not hold up a start for long. */
const none = new Uint32Array(256);
const [a = none, b = none, c = none, d = none, e = none, f = none, g = none, h = none] = makeTables();

function makeTables(): readonly Uint32Array[] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    first[byte] = crc;
  }
  const all = [first];
  for (let step = 1; step < 8; step += 1) {
    all.push((all[step - 1] ?? first).map((crc) => (crc >>> 8) ^ (first[crc & 0xff] ?? 0)));
  }
  return all;
}

/** CRC-32C of `bytes` from `start` to `end`. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = 0xffffffff;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    const low = (crc ^ view.getUint32(at, true)) >>> 0;
    const high = view.getUint32(at + 4, true);
    // Every index is one byte, so the `?? 0` never acts; it is for the type checker.
    crc =
      (h[low & 0xff] ?? 0) ^
      (g[(low >>> 8) & 0xff] ?? 0) ^
      (f[(low >>> 16) & 0xff] ?? 0) ^
      (e[low >>> 24] ?? 0) ^
      (d[high & 0xff] ?? 0) ^
      (c[(high >>> 8) & 0xff] ?? 0) ^
      (b[(high >>> 16) & 0xff] ?? 0) ^
      (a[high >>> 24] ?? 0);
  }
  for (; at < end; at += 1) crc = nextCrc(crc, view.getUint8(at));
  return (crc ^ 0xffffffff) >>> 0;
}

/** What one more byte makes of an unfinished checksum. */
export const nextCrc = (crc: number, byte: number): number => (crc >>> 8) ^ (a[(crc ^ byte) & 0xff] ?? 0);

/** What LevelDB writes for a checksum. */
export const maskedCrc = (crc: number): number => (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0;
