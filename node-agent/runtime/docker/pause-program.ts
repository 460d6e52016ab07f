/**
 * The program that holds a Pod's namespaces: it ignores SIGCHLD, so that the kernel reaps the orphans it inherits
 * as process 1 of a shared process namespace, and sleeps until SIGTERM or SIGINT, on which it exits with 0.
 *
 * The two signals are blocked and taken with rt_sigtimedwait(2) rather than handled: process 1 never gets a signal
 * it has no handler for, except one it has blocked, and this needs no signal frame, stack or restorer.
 * Assembled by hand, so that no registry, compiler or download stands between a fresh machine and its first Pod.
 */
export function pauseProgram(architecture: 'amd64' | 'arm64'): Buffer {
  const code = Buffer.from(machineCode[architecture].flat());
  const sizeBytes = fileHeaderBytes + programHeaderBytes + code.length;
  return Buffer.concat([fileHeader(architecture), programHeader(sizeBytes), code]);
}

const fileHeaderBytes = 64;
const programHeaderBytes = 56;
const loadAddress = 0x400000;
const machines = { amd64: 62, arm64: 183 } as const;

/** System V ABI, "ELF Header", 64 bits, little-endian. */
function fileHeader(architecture: 'amd64' | 'arm64'): Buffer {
  const header = Buffer.alloc(fileHeaderBytes);
  header.write('\x7fELF', 0, 'latin1');
  header.writeUInt8(2, 4); // ELFCLASS64
  header.writeUInt8(1, 5); // ELFDATA2LSB
  header.writeUInt8(1, 6); // EV_CURRENT
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(machines[architecture], 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(loadAddress + fileHeaderBytes + programHeaderBytes), 24); // entry point
  header.writeBigUInt64LE(BigInt(fileHeaderBytes), 32); // program headers
  header.writeUInt16LE(fileHeaderBytes, 52);
  header.writeUInt16LE(programHeaderBytes, 54);
  header.writeUInt16LE(1, 56); // one program header
  return header;
}

/** One readable and executable segment: the whole file. */
function programHeader(sizeBytes: number): Buffer {
  const header = Buffer.alloc(programHeaderBytes);
  header.writeUInt32LE(1, 0); // PT_LOAD
  header.writeUInt32LE(5, 4); // read, execute
  header.writeBigUInt64LE(BigInt(loadAddress), 16);
  header.writeBigUInt64LE(BigInt(loadAddress), 24);
  header.writeBigUInt64LE(BigInt(sizeBytes), 32);
  header.writeBigUInt64LE(BigInt(sizeBytes), 40);
  header.writeBigUInt64LE(0x10000n, 48); // the largest page size of either architecture
  return header;
}

/**
 * System calls by number: rt_sigaction 13/134, rt_sigprocmask 14/135, rt_sigtimedwait 128/137, exit 60/93.
 * `sigaction` is read from the stack: handler and flags are pushed, restorer and mask mean nothing to SIG_IGN.
 */
const machineCode: Record<'amd64' | 'arm64', readonly (readonly number[])[]> = {
  amd64: [
    // rt_sigaction(SIGCHLD, {SIG_IGN, 0}, NULL, 8)
    [0x6a, 0x00], //                         push 0                flags
    [0x6a, 0x01], //                         push 1                handler: SIG_IGN
    [0x6a, 0x0d, 0x58], //                   push 13; pop rax
    [0x6a, 0x11, 0x5f], //                   push 17; pop rdi
    [0x54, 0x5e], //                         push rsp; pop rsi
    [0x31, 0xd2], //                         xor edx, edx
    [0x6a, 0x08, 0x41, 0x5a], //             push 8; pop r10
    [0x0f, 0x05], //                         syscall
    // rt_sigprocmask(SIG_BLOCK, {SIGINT, SIGTERM}, NULL, 8)
    [0x68, 0x02, 0x40, 0x00, 0x00], //       push 0x4002
    [0x6a, 0x0e, 0x58], //                   push 14; pop rax
    [0x31, 0xff], //                         xor edi, edi
    [0x54, 0x5e], //                         push rsp; pop rsi
    [0x0f, 0x05], //                         syscall
    // while (rt_sigtimedwait({SIGINT, SIGTERM}, NULL, NULL, 8) < 0);
    [0xb8, 0x80, 0x00, 0x00, 0x00], // wait: mov eax, 128
    [0x54, 0x5f], //                         push rsp; pop rdi
    [0x31, 0xf6], //                         xor esi, esi
    [0x0f, 0x05], //                         syscall
    [0x85, 0xc0], //                         test eax, eax
    [0x78, 0xf1], //                         js wait
    // exit(0)
    [0x6a, 0x3c, 0x58], //                   push 60; pop rax
    [0x31, 0xff], //                         xor edi, edi
    [0x0f, 0x05], //                         syscall
  ],
  arm64: [
    // rt_sigaction(SIGCHLD, {SIG_IGN, 0}, NULL, 8)
    word(0xd2800029), //       mov x9, #1            handler: SIG_IGN
    word(0xa9bf7fe9), //       stp x9, xzr, [sp, #-16]!
    word(0xd2800220), //       mov x0, #17
    word(0x910003e1), //       mov x1, sp
    word(0xd2800002), //       mov x2, #0
    word(0xd2800103), //       mov x3, #8
    word(0xd28010c8), //       mov x8, #134
    word(0xd4000001), //       svc #0                leaves x0 = 0: SIG_BLOCK
    // rt_sigprocmask(SIG_BLOCK, {SIGINT, SIGTERM}, NULL, 8)
    word(0xd2880049), //       mov x9, #0x4002
    word(0xf90003e9), //       str x9, [sp]
    word(0xd28010e8), //       mov x8, #135
    word(0xd4000001), //       svc #0
    // while (rt_sigtimedwait({SIGINT, SIGTERM}, sp, NULL, 8) < 0); the signal's details land on the dead stack
    word(0x910003e0), // wait: mov x0, sp
    word(0xd2801128), //       mov x8, #137
    word(0xd4000001), //       svc #0
    word(0xb7ffffa0), //       tbnz x0, #63, wait
    // exit(0)
    word(0xd2800000), //       mov x0, #0
    word(0xd2800ba8), //       mov x8, #93
    word(0xd4000001), //       svc #0
  ],
};

function word(instruction: number): number[] {
  return [0, 8, 16, 24].map((shift) => (instruction >>> shift) & 0xff);
}
