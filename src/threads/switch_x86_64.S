/* SPDX-License-Identifier: MIT
 *
 * void mti_switch(void **save_sp (rdi), void *to_sp (rsi))
 *
 * Saves the callee-saved registers and the floating-point control words (System V ABI, 3.2.1) on the
 * stack, and takes those of the other stack. The control words are only loaded where they differ: a load
 * costs more than all the rest. */
    .text
    .globl mti_switch
    .hidden mti_switch
    .type mti_switch, @function
    .balign 16
mti_switch:
    .cfi_startproc
    endbr64
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    pushq %r12
    .cfi_adjust_cfa_offset 8
    pushq %r13
    .cfi_adjust_cfa_offset 8
    pushq %r14
    .cfi_adjust_cfa_offset 8
    pushq %r15
    .cfi_adjust_cfa_offset 8
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movl (%rsp), %eax
    movzwl 4(%rsp), %edx
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    cmpl (%rsp), %eax
    jne 2f
1:  cmpw 4(%rsp), %dx
    jne 3f
4:  addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %r15
    .cfi_adjust_cfa_offset -8
    popq %r14
    .cfi_adjust_cfa_offset -8
    popq %r13
    .cfi_adjust_cfa_offset -8
    popq %r12
    .cfi_adjust_cfa_offset -8
    popq %rbx
    .cfi_adjust_cfa_offset -8
    popq %rbp
    .cfi_adjust_cfa_offset -8
    popq %rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register %rip, %rcx
    notrack jmp *%rcx
2:  ldmxcsr (%rsp)
    jmp 1b
3:  fldcw 4(%rsp)
    jmp 4b
    .cfi_endproc
    .size mti_switch, .-mti_switch

/* The first code on a new stack: entry is in r12, its argument in r13. No caller: unwinding ends. */
    .globl mti_switch_start
    .hidden mti_switch_start
    .type mti_switch_start, @function
    .balign 16
mti_switch_start:
    .cfi_startproc
    .cfi_undefined %rip
    endbr64
    movq %r13, %rdi
    xorl %ebp, %ebp
    callq *%r12
    ud2
    .cfi_endproc
    .size mti_switch_start, .-mti_switch_start

    .section .note.GNU-stack, "", @progbits

/* Indirect branch tracking is kept to; a shadow stack is not, so that is not claimed. */
    .section .note.gnu.property, "a"
    .balign 8
    .long 4
    .long 16
    .long 5
    .asciz "GNU"
    .long 0xc0000002
    .long 4
    .long 1
    .long 0
