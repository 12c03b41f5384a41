// Bytes that come in pieces, until somebody wants them in one. Who sends them chooses the size of the pieces: a million of one byte
// take hardly more memory than one of a million.

/** Pieces are joined up to this size; larger ones stay as they came until the end. */
const smallest = 65_536;

export class Pieces {
  #pieces: Buffer[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(piece: Buffer): void {
    this.#size += piece.length;
    let last = piece;
    // Only with one that is no larger: each byte is copied 16 times at most.
    for (let before = this.#pieces.at(-1); before !== undefined; before = this.#pieces.at(-1)) {
      if (before.length > last.length || before.length + last.length > smallest) break;
      this.#pieces.pop();
      last = Buffer.concat([before, last]);
    }
    this.#pieces.push(last);
  }

  /** All of them as one. */
  joined(): Buffer {
    const [first] = this.#pieces;
    if (this.#pieces.length !== 1 || first === undefined) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }

  /** Nothing is kept but these. */
  replace(rest: Buffer): void {
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#size = rest.length;
  }
}
