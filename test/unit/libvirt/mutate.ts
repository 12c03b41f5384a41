// Damage that repeats: the same seed breaks the same bytes in the same way.

/** xorshift32: numbers from 0 below `limit`. */
export function randomFrom(seed: number): (limit: number) => number {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const interesting = [0, 1, 0x7f, 0x80, 0xff];
const words = [
  0, 1, 2, 24, 27, 28, 29, 16_384, 16_385, 65_536, 4_194_304, 33_554_436, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];

/** One to four times: a byte or a word changed, a part taken out, doubled, or moved, the end cut off. */
export function mutated(bytes: Buffer, random: (limit: number) => number): Buffer {
  let result = Buffer.from(bytes);
  for (let times = 1 + random(4); times > 0 && result.length > 0; times -= 1) {
    const at = random(result.length);
    const length = 1 + random(Math.min(64, result.length - at));
    switch (random(7)) {
      case 0:
        result[at] = random(256);
        break;
      case 1:
        result[at] = interesting[random(interesting.length)] ?? 0;
        break;
      case 2: {
        const aligned = at & ~3;
        if (aligned + 4 <= result.length) result.writeUInt32BE(words[random(words.length)] ?? 0, aligned);
        break;
      }
      case 3:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + length)]);
        break;
      case 4:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at, at + length), result.subarray(at)]);
        break;
      case 5: {
        const part = Buffer.from(result.subarray(at, at + length));
        part.copy(result, random(result.length));
        break;
      }
      default:
        result = result.subarray(0, at);
    }
  }
  return result;
}
