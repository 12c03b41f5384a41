// The pool: one connection for all, made anew when it is broken.
import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { SriovError } from "../../../provider/base/errors.js";
import { Pool, type PooledConnection } from "../../../provider/transport/pool.js";

class FakeConnection implements PooledConnection {
  isOpen = true;
  closed = 0;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  async run(command: string) {
    if (!this.isOpen) throw new SriovError("unreachable", `${this.name} is gone`);
    return { command, exitCode: 0, signal: undefined, stdout: this.name, stderr: "" };
  }
  async openUnixSocket() {
    return new PassThrough();
  }
  readonly usesSudo = false;
  async openCommand() {
    return new PassThrough();
  }
  async close() {
    this.isOpen = false;
    this.closed += 1;
  }
}

function connector() {
  const made: FakeConnection[] = [];
  const connect = async () => {
    await new Promise(setImmediate);
    const connection = new FakeConnection(`connection ${made.length + 1}`);
    made.push(connection);
    return connection;
  };
  return { made, connect };
}

describe("Pool", () => {
  it("lets concurrent first callers share one attempt", async () => {
    const { made, connect } = connector();
    const pool = new Pool();
    const connections = await Promise.all(Array.from({ length: 5 }, () => pool.connection("kvm1", connect)));
    assert.equal(made.length, 1);
    assert.equal(new Set(connections).size, 1);
  });

  it("keeps hosts apart by their key", async () => {
    const { made, connect } = connector();
    const pool = new Pool();
    await Promise.all([pool.connection("kvm1", connect), pool.connection("kvm2", connect)]);
    assert.equal(made.length, 2);
  });

  it("makes a broken connection anew at the next use, once for all who ask", async () => {
    const { made, connect } = connector();
    const connection = await new Pool().connection("kvm1", connect);
    const [first] = made;
    assert.ok(first);
    first.isOpen = false;
    const results = await Promise.all([connection.run("a"), connection.run("b")]);
    assert.deepEqual(
      results.map(({ stdout }) => stdout),
      ["connection 2", "connection 2"],
    );
    assert.equal(connection.name, "connection 2");
  });

  it("repeats no call: the one that was running when it broke is told so", async () => {
    const { made, connect } = connector();
    const connection = await new Pool().connection("kvm1", async () => {
      const fake = await connect();
      fake.run = async () => {
        fake.isOpen = false;
        throw new SriovError("unreachable", "broken off");
      };
      return fake;
    });
    await assert.rejects(connection.run("reboot"), /broken off/);
    assert.equal(made.length, 1);
  });

  it("tries again after an attempt that failed, with the next caller's credentials", async () => {
    const { connect } = connector();
    const pool = new Pool();
    const refused = async () => Promise.reject(new SriovError("permission-denied", "wrong key"));
    await assert.rejects(pool.connection("kvm1", refused), /wrong key/);
    assert.equal((await pool.connection("kvm1", connect)).name, "connection 1");
  });

  it("closes all connections, also one that is just being made, and may be told so twice", async () => {
    const { made, connect } = connector();
    const pool = new Pool();
    await pool.connection("kvm1", connect);
    const coming = pool.connection("kvm2", connect);
    await Promise.all([pool.closeAll(), coming]);
    await pool.closeAll();
    assert.deepEqual(
      made.map(({ closed }) => closed),
      [1, 1],
    );
    await pool.connection("kvm1", connect);
    assert.equal(made.length, 3);
  });
});
