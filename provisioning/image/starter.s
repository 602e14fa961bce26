# The first program of an image of `SECURE_BOOT=1`, EFI/BOOT/BOOTX64.EFI: it starts systemd-boot, and where
# that comes back it restarts the computer. systemd-boot 257 counts a try before it loads a system. Where the
# firmware then refuses the file (its signature does not fit), it ends, and the firmware stands in its setup
# until somebody comes. Restarted, the next try is counted, and then the other slot boots.
#
# Calls: the UEFI Specification 2.10, chapters 4, 7 and 9; numbers are offsets in its tables.
    .intel_syntax noprefix
    .set    CON_OUT, 64                     # system table
    .set    RUNTIME_SERVICES, 88
    .set    BOOT_SERVICES, 96
    .set    HANDLE_PROTOCOL, 152            # boot services
    .set    LOAD_IMAGE, 200
    .set    START_IMAGE, 208
    .set    STALL, 248
    .set    RESET_SYSTEM, 104               # runtime services
    .set    OUTPUT_STRING, 8                # text output
    .set    DEVICE_HANDLE, 24               # loaded image
    .set    END, 0x7f                       # device path: the type of its last node
    .set    MOST_BYTES, 1024
    .set    FOUND, 48                       # on the stack: what a call has found

    .globl  start
    .text
start:                                      # (rcx: this image, rdx: system table)
    push    rbx
    push    rsi
    push    rdi
    push    r12
    push    r13
    sub     rsp, 64
    mov     r12, rcx
    mov     r13, rdx
    mov     rbx, [rdx + BOOT_SERVICES]

# The device that this image was read from, and its path.
    lea     rdx, [rip + loaded_image]
    lea     r8, [rsp + FOUND]
    call    [rbx + HANDLE_PROTOCOL]
    test    rax, rax
    jnz     restart
    mov     rax, [rsp + FOUND]
    mov     rcx, [rax + DEVICE_HANDLE]
    lea     rdx, [rip + device_path]
    lea     r8, [rsp + FOUND]
    call    [rbx + HANDLE_PROTOCOL]
    test    rax, rax
    jnz     restart

# That path, with the file as its last node.
    mov     rsi, [rsp + FOUND]
    lea     rdi, [rip + path]
    lea     rdx, [rdi + MOST_BYTES]
    cld
next_node:
    cmp     byte ptr [rsi], END
    je      last_node
    movzx   ecx, word ptr [rsi + 2]
    cmp     ecx, 4
    jb      restart
    lea     rax, [rdi + rcx]
    cmp     rax, rdx
    ja      restart
    rep movsb
    jmp     next_node
last_node:
    lea     rsi, [rip + file]
    mov     ecx, OFFSET file_end - file
    rep movsb

    xor     ecx, ecx
    mov     rdx, r12
    lea     r8, [rip + path]
    xor     r9d, r9d
    mov     qword ptr [rsp + 32], 0
    lea     rax, [rsp + FOUND]
    mov     [rsp + 40], rax
    call    [rbx + LOAD_IMAGE]
    test    rax, rax
    jnz     restart
    mov     rcx, [rsp + FOUND]
    xor     edx, edx
    xor     r8d, r8d
    call    [rbx + START_IMAGE]

restart:
    mov     rcx, [r13 + CON_OUT]
    test    rcx, rcx
    jz      silent
    lea     rdx, [rip + message]
    call    [rcx + OUTPUT_STRING]
silent:
    mov     ecx, 5000000                    # microseconds
    call    [rbx + STALL]
    mov     rax, [r13 + RUNTIME_SERVICES]
    xor     ecx, ecx                        # cold
    xor     edx, edx
    xor     r8d, r8d
    xor     r9d, r9d
    call    [rax + RESET_SYSTEM]
    jmp     restart

    .section .rodata
loaded_image:
    .long   0x5b1b31a1
    .short  0x9562, 0x11d2
    .byte   0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b
device_path:
    .long   0x09576e91
    .short  0x6d3f, 0x11d2
    .byte   0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b
file:
    .byte   4, 4
    .short  file_node_end - file
    .string16 "\\EFI\\systemd\\systemd-bootx64.efi"
file_node_end:
    .byte   END, 0xff
    .short  4
file_end:
message:
    .string16 "\r\nThe boot loader came back: the firmware does not run what it has chosen. Restarting.\r\n"

    .data
path:
    .fill   MOST_BYTES + file_end - file
