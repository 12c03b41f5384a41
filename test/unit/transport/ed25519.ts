// Ed25519 key pairs for tests, in OpenSSH's format.
import { utils } from "ssh2";

/**
 * ssh2 1.17's generator drops a zero byte at the end of the public key (one pair in 256, and the same in the private half): what
 * it writes then is no key, for ssh-keygen neither. Such a pair is made again.
 */
export function newEd25519(passphrase?: string): { private: string; public: string } {
  const options = passphrase === undefined ? {} : { passphrase, cipher: "aes256-ctr", rounds: 4 };
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519", options as never);
    const parsed = [utils.parseKey(pair.private, passphrase), utils.parseKey(pair.public)];
    if (!parsed.some((key) => key instanceof Error)) return pair;
  }
}
