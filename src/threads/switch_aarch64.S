/* SPDX-License-Identifier: MIT
 *
 * void mti_switch(void **save_sp (x0), void *to_sp (x1))
 *
 * Saves the callee-saved registers (AAPCS64, 6.1) and the floating-point control register on the stack,
 * and takes those of the other stack. */
    .text
    .globl mti_switch
    .hidden mti_switch
    .type mti_switch, %function
    .balign 16
mti_switch:
    .cfi_startproc
    hint #34 /* bti c */
    sub sp, sp, #176
    .cfi_adjust_cfa_offset 176
    stp d8, d9, [sp, #0]
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    stp x19, x20, [sp, #64]
    stp x21, x22, [sp, #80]
    stp x23, x24, [sp, #96]
    stp x25, x26, [sp, #112]
    stp x27, x28, [sp, #128]
    stp x29, x30, [sp, #144]
    mrs x9, fpcr
    str x9, [sp, #160]
    mov x10, sp
    str x10, [x0]
    mov sp, x1
    ldr x11, [sp, #160]
    cmp x9, x11
    b.eq 1f
    msr fpcr, x11
1:  ldp d8, d9, [sp, #0]
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp x19, x20, [sp, #64]
    ldp x21, x22, [sp, #80]
    ldp x23, x24, [sp, #96]
    ldp x25, x26, [sp, #112]
    ldp x27, x28, [sp, #128]
    ldp x29, x30, [sp, #144]
    add sp, sp, #176
    .cfi_adjust_cfa_offset -176
    ret /* not a branch: a branch target would need a landing pad */
    .cfi_endproc
    .size mti_switch, .-mti_switch

/* The first code on a new stack: entry is in x19, its argument in x20. No caller: unwinding ends. */
    .globl mti_switch_start
    .hidden mti_switch_start
    .type mti_switch_start, %function
    .balign 16
mti_switch_start:
    .cfi_startproc
    .cfi_undefined x30
    hint #36 /* bti j */
    mov x0, x20
    mov x29, #0
    blr x19
    brk #1
    .cfi_endproc
    .size mti_switch_start, .-mti_switch_start

    .section .note.GNU-stack, "", %progbits

/* Branch target identification is kept to. */
    .section .note.gnu.property, "a"
    .balign 8
    .long 4
    .long 16
    .long 5
    .asciz "GNU"
    .long 0xc0000000
    .long 4
    .long 1
    .long 0
