import { AccountKey } from "./account_key.ts";

/** Only the owner may read these files, since they hold keys. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** A challenge's token: base64url, at least 128 bits (RFC 8555 section 8.1). */
const TOKEN = /^[\w-]{16,128}$/;
/** More than an account, a challenge and a certificate with its chain need. */
const ROOM_BYTES = 64 * 1024;

/**
 * The folder in which accounts, certificates and open challenges are kept (ACME_STORAGE). Replicas may share it: one of
 * them holds its lock and orders; all of them read. Every file is written beside its place and renamed into it, so that
 * each is whole or absent.
 */
export class AcmeStorage {
  readonly #folder: string;
  #lock: Deno.FsFile | null = null;

  constructor(folder: string) {
    this.#folder = folder.replace(/\/+$/, "");
  }

  /**
   * Makes the folders, and makes sure that there is room for what an order writes. Rejects as the platform does if the
   * storage can't be written to.
   */
  async prepare(): Promise<void> {
    await this.#makeFolders();
    const room = this.#beside("room");
    try {
      await writeNew(room, new Uint8Array(ROOM_BYTES));
    } finally {
      await Deno.remove(room).catch(() => {});
    }
  }

  /**
   * Tries to become the one who orders; true if it is, or was already. The system gives the lock back when the process
   * ends.
   */
  async own(): Promise<boolean> {
    if (this.#lock !== null && await this.#isInPlace(this.#lock)) return true;
    this.release();
    await this.#makeFolders();
    const file = await Deno.open(this.#path("lock"), { write: true, create: true, mode: FILE_MODE });
    if (await file.tryLock(true)) {
      this.#lock = file;
      await this.#removeLeftovers();
      return true;
    }
    file.close();
    return false;
  }

  /** Lets another replica order. */
  release(): void {
    this.#lock?.close();
    this.#lock = null;
  }

  async #makeFolders(): Promise<void> {
    for (const folder of [this.#folder, this.#path("certificates"), this.#path("challenges")]) {
      await Deno.mkdir(folder, { recursive: true, mode: DIRECTORY_MODE });
    }
  }

  /** False if the lock's file was removed: then another replica may hold the lock of a new one. */
  async #isInPlace(lock: Deno.FsFile): Promise<boolean> {
    const there = await Deno.stat(this.#path("lock")).catch(() => null);
    return there !== null && there.ino === (await lock.stat()).ino;
  }

  /**
   * Removes what a process that ended in the middle of an order has left. Only who holds the lock writes certificates
   * and opens challenges.
   */
  async #removeLeftovers(): Promise<void> {
    for (const folder of ["", "certificates/", "challenges/"]) {
      for await (const { name } of Deno.readDir(this.#path(folder))) {
        if (folder !== "challenges/" && !name.endsWith(".new")) continue;
        await Deno.remove(this.#path(folder + name)).catch(() => {});
      }
    }
  }

  /** The key of the account at a directory; made and kept if there is none. */
  async accountKey(directory: string): Promise<AccountKey> {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(directory)));
    const name = `account-${hash.toHex().slice(0, 16)}.json`;
    const text = await this.#read(name);
    if (text !== null) {
      try {
        return await AccountKey.read(text);
      } catch {
        const path = this.#path(name);
        throw new Error(`The account's key in ${path} is damaged: restore it, or remove the file for a new account`);
      }
    }
    const key = await AccountKey.make();
    await this.#write(name, await key.exported());
    return key;
  }

  /** The certificate of a name with its key behind it, PEM; null if there is none. */
  certificate(name: string): Promise<string | null> {
    return this.#read(`certificates/${name}.pem`);
  }

  /** Keeps a certificate, its chain and its key, all in one file: so they always belong together. */
  keepCertificate(
    name: string,
    { certificate, key }: { readonly certificate: string; readonly key: string },
  ): Promise<void> {
    return this.#write(`certificates/${name}.pem`, `${certificate.trimEnd()}\n${key}`);
  }

  /** The response to a challenge of an open order, of this replica or another; null if there is none. */
  challenge(token: string): Promise<string | null> {
    return TOKEN.test(token) ? this.#read(`challenges/${token}`) : Promise.resolve(null);
  }

  /** Opens a challenge for all replicas. */
  async publish(token: string, text: string): Promise<void> {
    if (!TOKEN.test(token)) throw new Error("The directory sent a malformed token");
    await this.#write(`challenges/${token}`, text);
  }

  /** Closes a challenge. */
  async withdraw(token: string): Promise<void> {
    await Deno.remove(this.#path(`challenges/${token}`)).catch(() => {});
  }

  #path(name: string): string {
    return `${this.#folder}/${name}`;
  }

  async #read(name: string): Promise<string | null> {
    try {
      return await Deno.readTextFile(this.#path(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  async #write(name: string, text: string): Promise<void> {
    const beside = this.#beside(name);
    try {
      await writeNew(beside, new TextEncoder().encode(text));
      await Deno.rename(beside, this.#path(name));
    } catch (error) {
      await Deno.remove(beside).catch(() => {});
      throw error;
    }
  }

  /** A file beside its place. Replicas in containers have the same process ID. */
  #beside(name: string): string {
    return this.#path(`${name}.${crypto.randomUUID()}.new`);
  }
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await Deno.open(path, { write: true, createNew: true, mode: FILE_MODE });
  try {
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
  } finally {
    file.close();
  }
}
