/* Runs the native code of programs without the runtime: enters it, and makes the state of a run from the records
 * that it leaves, as runtime/src/native.rs does, whose words are used here. There is no interpreter: where native
 * code cannot go on, the run is told as it is, one fact a line, so that runs compare as texts.
 *
 *     harness PROGRAM BUDGET... PROGRAM BUDGET...
 *
 * A budget is in thousandths, in slices if several are joined by `+`. Each budget is a run from the start, on each
 * compilation of the program.
 *
 * Requires a `tables.h` that was made of the programs. Every helper is here by name, so that objects link, and
 * ends the process: programs are to need none. Knows nothing of traps, and of values only scalars. */

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What native code knows of the run. */
struct context {
    int64_t energy;
    int64_t count;
    int64_t depth;
    uint64_t entry;
    uint64_t *records;
    uint64_t *variables;
    uint64_t *stack;
    uint64_t *memory;
    const uint64_t *constants;
    uint64_t *operands;
    double arguments[4];
    uint64_t status;
    uint64_t word;
    uint64_t reserve;
    uint64_t forced;
    void *cells;
    void *run;
};

typedef void entry_function(struct context *);

struct image {
    char magic[8];
    const unsigned char *artifact;
    uint64_t artifact_bytes;
    entry_function *const *functions;
    uint64_t functions_count;
};

struct entry {
    uint32_t pc, height, function;
};

enum source_kind { WORD, CONSTANT, VARIABLE };

/* Where a value of the state comes from at an exit. */
struct source {
    enum source_kind kind;
    uint32_t at;
};

struct saved {
    uint32_t slot;
    struct source source;
};

struct exit {
    uint32_t function, pc, values;
    uint64_t unspent_energy, unspent_instructions;
    uint32_t stack_count, variables_count;
    const struct source *stack;
    const struct saved *variables;
};

struct sizes {
    uint64_t height_max, entered_record_max, called_record_max, operands_max, depth_max;
};

/* One compilation of a program. */
struct code {
    struct sizes sizes;
    uint64_t entries_count, exits_count;
    const struct entry *entries;
    const struct exit *exits;
};

/* An operation, as far as it is of interest here. */
struct operation {
    uint64_t energy;
    enum { OTHER, RETURN, END } action;
};

struct program {
    const char *name;
    const struct image *image;
    const struct operation *operations;
    const uint64_t *constants;
    /* What memory has before a run. */
    const uint64_t *memory;
    /* How many variables each function has; of the main body it is those of memory. */
    const uint32_t *variables;
    uint64_t codes_count;
    const struct code *codes;
};

#include "tables.h"

#define HOLDS(field, at) \
    _Static_assert(offsetof(struct context, field) == (at), "the layout of `" #field "`");
CONTEXT(HOLDS)
_Static_assert(sizeof(struct image) == IMAGE_BYTES, "the layout of images");

/* Exit codes of the process. */
enum { WRONG_USE = 2, HELPER_CALLED = 3, WRONG_TABLES = 4 };

static _Noreturn void fail(int code, const char *what, const char *which) {
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", what, which);
    exit(code);
}

/* Arguments and results do not matter to what does not return. */
#define HELPER(name) \
    _Noreturn void name(void); \
    _Noreturn void name(void) { fail(HELPER_CALLED, "a helper was called", #name); }
HELPERS(HELPER)

struct frame {
    uint32_t function, pc;
    uint64_t stack, variables;
};

enum { FRAMES_MAX = CALL_DEPTH_MAX + 1, WORDS_MAX = 1 << 18 };

/* The state of a run. The last frame is the one in progress. */
static struct {
    uint64_t used, instructions, frames_count, stack_count, variables_count;
    struct frame frames[FRAMES_MAX];
    uint64_t stack[WORDS_MAX];
    uint64_t variables[WORDS_MAX];
} m;

static struct frame *frame(void) { return &m.frames[m.frames_count - 1]; }

static void push(uint64_t word) {
    if (m.stack_count == WORDS_MAX) fail(WRONG_TABLES, "no room", "stack");
    m.stack[m.stack_count++] = word;
}

static void start(const struct program *program) {
    m.used = m.instructions = m.stack_count = 0;
    m.frames_count = 1;
    m.frames[0] = (struct frame){0};
    m.variables_count = program->variables[0];
    memcpy(m.variables, program->memory, m.variables_count * sizeof *m.variables);
}

/* A value of the state. */
static uint64_t value(const struct program *program, struct source source, const uint64_t *values) {
    switch (source.kind) {
    case WORD: return values[source.at];
    case CONSTANT: return program->constants[source.at];
    case VARIABLE: break;
    }
    uint64_t word = m.variables[frame()->variables + source.at];
    return word == ABSENT_WORD ? NULL_WORD : word;
}

/* Makes the state from the records that native frames left, outermost (the last) first. */
static void rebuild(
    const struct program *program, const struct code *code, const uint64_t *records, uint64_t count
) {
    for (int outermost = 1; count > 0; outermost = 0) {
        uint64_t number = records[--count];
        if (number >= code->exits_count) fail(WRONG_TABLES, "no such exit", program->name);
        const struct exit *exit = &code->exits[number];
        if (exit->values > count) fail(WRONG_TABLES, "records are too short", program->name);
        count -= exit->values;
        const uint64_t *values = records + count;
        if (outermost) {
            m.stack_count = frame()->stack;
        } else {
            uint64_t from = m.variables_count;
            m.variables_count += program->variables[exit->function];
            if (m.frames_count == FRAMES_MAX || m.variables_count > WORDS_MAX)
                fail(WRONG_TABLES, "no room", "frames");
            for (uint64_t at = from; at < m.variables_count; at++) m.variables[at] = NULL_WORD;
            m.frames[m.frames_count++] = (struct frame){
                .function = exit->function, .stack = m.stack_count, .variables = from};
        }
        if (frame()->function != exit->function)
            fail(WRONG_TABLES, "an exit of another function", program->name);
        frame()->pc = exit->pc;
        for (uint32_t at = 0; at < exit->variables_count; at++) {
            const struct saved *saved = &exit->variables[at];
            uint64_t word = value(program, saved->source, values);
            m.variables[frame()->variables + saved->slot] = word;
        }
        for (uint32_t at = 0; at < exit->stack_count; at++)
            push(value(program, exit->stack[at], values));
        m.used -= exit->unspent_energy;
        m.instructions -= exit->unspent_instructions;
    }
}

/* Where native code can be entered for the frame in progress, as it is. */
static const struct entry *entry_here(const struct code *code) {
    for (uint64_t at = 0; at < code->entries_count; at++) {
        const struct entry *entry = &code->entries[at];
        if (entry->pc == frame()->pc && entry->height == m.stack_count - frame()->stack)
            return entry;
    }
    return NULL;
}

/* How many native calls may nest from here; less than 0 if not even the entry has room. */
static int64_t room(struct sizes sizes) {
    int64_t calls = CALL_DEPTH_MAX - (int64_t)(m.frames_count - 1);
    int64_t values = STACK_VALUES_MAX - (int64_t)frame()->stack;
    int64_t depth = values / ((int64_t)sizes.height_max + 1) - 1;
    if (calls < depth) depth = calls;
    if ((int64_t)sizes.depth_max < depth) depth = (int64_t)sizes.depth_max;
    return depth;
}

/* No number of an exit, and no word of a program. */
#define UNTOUCHED UINT64_C(0x7ff4dead0000beef)

/* Enters native code where it can be, and makes the state of the run where it left; whether it did anything. */
static int enter(
    const struct program *program, const struct code *code, uint64_t slice, uint64_t reserve
) {
    const struct entry *entry = entry_here(code);
    int64_t depth = room(code->sizes);
    if (!entry || depth < 0) return 0;
    if (entry->function >= program->image->functions_count)
        fail(WRONG_TABLES, "no such function", program->name);
    uint64_t words =
        code->sizes.entered_record_max + (uint64_t)depth * code->sizes.called_record_max;
    uint64_t *records = calloc(words + 1, sizeof *records);
    uint64_t *operands = calloc(code->sizes.operands_max + 1, sizeof *operands);
    if (!records || !operands) fail(WRONG_TABLES, "no memory", program->name);
    records[words] = UNTOUCHED;
    struct context context = {
        .energy = (int64_t)slice,
        .depth = depth,
        .entry = frame()->pc,
        .records = records,
        .variables = m.variables + frame()->variables,
        .stack = m.stack + frame()->stack,
        .memory = m.variables,
        .constants = program->constants,
        .operands = operands,
        .status = STATUS_DONE,
        .reserve = reserve,
        .forced = FORCE_NONE,
    };
    program->image->functions[entry->function](&context);
    uint64_t before = m.used;
    uint64_t written = (uint64_t)(context.records - records);
    if (records[words] != UNTOUCHED) fail(WRONG_TABLES, "records are too long", program->name);
    if (written > 0) {
        /* What is prepaid and unspent is given back by the records, and may be more than there is. */
        m.used += slice - (uint64_t)context.energy;
        m.instructions += (uint64_t)context.count;
        rebuild(program, code, records, written);
        if (m.used - before > slice) fail(WRONG_TABLES, "more was used than there is", program->name);
    }
    free(records);
    free(operands);
    return m.used != before; /* nothing but the end is free, and native code leaves there */
}

/* A word as it is seen from outside, where there is one NaN. */
static uint64_t seen(uint64_t word) {
    double number;
    memcpy(&number, &word, sizeof number);
    return word < FIRST_TAGGED && number != number ? UINT64_C(0x7ff8000000000000) : word;
}

static void tell_words(const char *what, const uint64_t *words, uint64_t from, uint64_t to) {
    for (uint64_t at = from; at < to; at++) printf("%s %016" PRIx64 "\n", what, seen(words[at]));
}

/* Tells energy and instructions, and then each frame, outermost first: its function and operation, its operands,
 * bottom first, and its variables. */
static void tell(void) {
    printf("used %" PRIu64 "\ninstructions %" PRIu64 "\n", m.used, m.instructions);
    for (uint64_t at = 0; at < m.frames_count; at++) {
        const struct frame *frame = &m.frames[at], *next = frame + 1;
        int last = at + 1 == m.frames_count;
        printf("frame %" PRIu32 " %" PRIu32 "\n", frame->function, frame->pc);
        tell_words("operand", m.stack, frame->stack, last ? m.stack_count : next->stack);
        tell_words(
            "variable", m.variables, frame->variables, last ? m.variables_count : next->variables);
    }
}

/* Whether the main body is at its end and can pay for that; it is paid then. */
static int finish(const struct program *program, uint64_t left) {
    const struct operation *operation = &program->operations[frame()->pc];
    if (m.frames_count > 1 || operation->action == OTHER || operation->energy > left) return 0;
    m.used += operation->energy;
    m.instructions += operation->action == RETURN; /* the end is not counted */
    return 1;
}

/* Runs a program from its start, and tells how the run ended. */
static void run(const struct program *program, uint64_t number, const char *budget) {
    const struct code *code = &program->codes[number];
    uint64_t total = 0, given = 0;
    int finished = 0;
    const char *end = budget;
    do {
        char *after;
        total += strtoull(end, &after, 10);
        if (after == end || (*after && *after != '+')) fail(WRONG_USE, "not a budget", budget);
        end = after;
    } while (*end++);
    start(program);
    for (const char *slice = budget; slice && !finished;) {
        given += strtoull(slice, NULL, 10);
        while (enter(program, code, given - m.used, total - given)) {
        }
        finished = finish(program, given - m.used);
        slice = strchr(slice, '+');
        if (slice) slice++;
    }
    printf("run %s %s %" PRIu64 "\n", program->name, budget, number);
    if (finished) {
        uint64_t output = m.stack_count > 0 ? m.stack[m.stack_count - 1] : NULL_WORD;
        tell_words("finished", &output, 0, 1);
    } else {
        printf("stopped %" PRIu32 "\n", frame()->pc);
    }
    tell();
}

static const struct program *named(const char *name) {
    for (size_t at = 0; at < sizeof PROGRAMS / sizeof *PROGRAMS; at++)
        if (strcmp(PROGRAMS[at].name, name) == 0) return &PROGRAMS[at];
    fail(WRONG_USE, "no such program", name);
}

int main(int count, char **arguments) {
    const struct program *program = NULL;
    for (int at = 1; at < count; at++) {
        const char *argument = arguments[at];
        if (*argument < '0' || *argument > '9') {
            program = named(argument);
            if (memcmp(program->image->magic, MAGIC, sizeof program->image->magic) != 0)
                fail(WRONG_TABLES, "no image", argument);
            continue;
        }
        if (!program) fail(WRONG_USE, "no program before", argument);
        for (uint64_t number = 0; number < program->codes_count; number++)
            run(program, number, argument);
    }
    return 0;
}
