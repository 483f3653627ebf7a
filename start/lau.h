/* Programs of lau, compiled ahead of time, in a program in C.

   `lau build PROGRAM.lau --emit obj` makes an object file, `--emit header` this header with the program's own lines at
   its end, `--emit runtime` the archive liblau.a that both are linked with:

       cc host.c program.o liblau.a -lpthread -lm -ldl -o host

   A program's symbol is its name and `_program`. What a name in C cannot have is `_` and two hexadecimal digits in it:
   web-log.lau has web_2dlog_program. All other names that begin with lau_ are the runtime's.

   Energy is in thousandths of a unit. Values that C has no type for are plain JSON, in which numbers that are not finite
   are null. An instance is used by one call at a time: to a builtin that is called in a run of it, and to any other
   thread, it is in use (LAU_MISUSED, or null). Different instances, of one program too, run on different threads at
   once, each with 512 KiB of stack left or more. Texts that are lent last until the next call with the same instance;
   those of a call, as long as that. Null for a program, host or instance is an error, and freeing it does nothing.

   Values, calls and memory have limits, those of `lau run`, unless lau_host_set_limit says otherwise. */

#ifndef LAU_H
#define LAU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A compiled program as it is in an object file. */
typedef struct lau_image {
    unsigned char magic[8];
    const void *artifact;
    size_t artifact_bytes;
    const void *functions;
    size_t functions_count;
} lau_image;

typedef struct lau_program lau_program;     /* a compiled program, taken up; any number of threads may have it */
typedef struct lau_host lau_host;           /* the builtins that programs can call */
typedef struct lau_instance lau_instance;   /* a program with its memory, energy, and run */
typedef struct lau_canceller lau_canceller; /* what suspends runs from another thread */
typedef struct lau_call lau_call;           /* a call of a builtin, while it lasts */

/* How a run ended. */
enum lau_ending {
    LAU_BROKEN = -2,    /* a bug in lau, told on standard error; the instance is of no more use than to be freed */
    LAU_MISUSED = -1,   /* what was asked for cannot be done, and nothing was; lau_instance_message says why */
    LAU_FINISHED = 0,   /* lau_instance_output is what it gave */
    LAU_TRAPPED = 1,    /* lau_instance_message says how and where */
    LAU_EXHAUSTED = 2,  /* out of energy; lau_instance_resume goes on */
    LAU_SUSPENDED = 3   /* by time, a canceller, or a builtin that answers later; lau_instance_resume goes on */
};

/* What a value is. */
enum lau_type {
    LAU_NONE = -1,
    LAU_NULL = 0,
    LAU_BOOL = 1,
    LAU_NUMBER = 2,
    LAU_TEXT = 3,
    LAU_LIST = 4,
    LAU_MAP = 5,
    LAU_REFERENCE = 6
};

/* Where `error` is asked for, it may be null; else a text is put there if the result is null, for lau_text_free. */
void lau_text_free(char *text);

/* Takes up a program. */
lau_program *lau_program_load(const lau_image *image, char **error);
void lau_program_free(lau_program *program);

/* A builtin. It reads its arguments from the call, and answers by one of lau_return_*, of which the last counts; without
   one its answer is null. It is called on the thread that runs the instance: of several instances at once, if they run
   at once. It returns to where it was called from: no exception and no longjmp may leave it.

   A library for `lau build --link` defines it under the name lau_builtin_NAME, in C++ as extern "C". */
typedef void (*lau_builtin)(lau_call *call);

lau_host *lau_host_new(void);
void lau_host_free(lau_host *host);
/* Makes a builtin callable under a name, in place of one that had it, for instances that are made from now on. A call
   costs 1 unit. 0 if it went well; LAU_MISUSED if there is no function, or the name is empty or not UTF-8. A program
   calls the builtins that it was compiled for: a function of the library of the same name gives way only if
   `lau build --builtin NAME` said so. */
int lau_host_register(lau_host *host, const char *name, lau_builtin function, void *data);

/* What runs may use besides energy; beyond it is a trap. */
enum lau_limit {
    LAU_CALL_DEPTH = 0,   /* calls of the program's functions in progress; 10,000 */
    LAU_STACK_VALUES = 1, /* values on the stack; 1,000,000 */
    LAU_NESTING = 2,      /* levels of lists and maps in a value; 200, and at most that */
    LAU_VALUE_BYTES = 3,  /* size of one text, list or map without its elements' own; 256 MiB */
    LAU_TREE_BYTES = 4,   /* size of one value with everything in it; 256 MiB */
    LAU_MEMORY_BYTES = 5  /* size of all values of a run; 1 GiB */
};
/* Sets a limit for instances that are made from now on. 0 if it went well; LAU_MISUSED if there is no such limit. */
int lau_host_set_limit(lau_host *host, int limit, uint64_t most);

void *lau_call_data(const lau_call *call);
size_t lau_call_count(const lau_call *call);
int lau_call_type(const lau_call *call, size_t at); /* enum lau_type; LAU_NONE if there is no such argument */
/* Whether the argument is of that type; then its value is put there. */
int lau_call_number(const lau_call *call, size_t at, double *number);
int lau_call_bool(const lau_call *call, size_t at, int *value);
/* The argument as a text, ended by a zero byte, lent; null if it is none. `bytes` may be null. */
const char *lau_call_text(lau_call *call, size_t at, size_t *bytes);
/* Any argument as plain JSON, lent; null if there is none. */
const char *lau_call_json(lau_call *call, size_t at, size_t *bytes);

void lau_return_null(lau_call *call);
void lau_return_bool(lau_call *call, int value);
void lau_return_number(lau_call *call, double number);
void lau_return_text(lau_call *call, const char *text, size_t bytes); /* UTF-8, or it is a failure */
void lau_return_json(lau_call *call, const char *json, size_t bytes);
void lau_return_failure(lau_call *call, const char *message); /* a trap, or under `try` a value */
void lau_return_later(lau_call *call, const char *message);   /* suspends the run until lau_instance_answer; a failure
                                                                 in an executable, where nobody could give it */

/* An instance with empty memory. The host must have the builtins that the program was compiled for. */
lau_instance *lau_instance_new(const lau_program *program, const lau_host *host, char **error);
/* One that goes on, by lau_instance_resume, with a run that was stopped elsewhere. */
lau_instance *lau_instance_restore(const lau_program *program, const lau_host *host, const void *snapshot,
                                   size_t bytes, char **error);
void lau_instance_free(lau_instance *instance);

/* Puts a value of plain JSON into a field of memory, which stays from run to run. 0 if it went well. */
int lau_instance_set_memory(lau_instance *instance, const char *name, const char *json, size_t bytes);
/* A field of memory as plain JSON, lent; null if it was never stored. */
const char *lau_instance_memory(lau_instance *instance, const char *name);
/* Suspends runs so long after they begin or go on; 0 is never. */
void lau_instance_set_timeout_ms(lau_instance *instance, uint64_t ms);

/* Runs from the start under a budget; gives enum lau_ending. A run that stopped is given up. */
int lau_instance_run(lau_instance *instance, uint64_t budget);
/* Goes on with a run that stopped, with so much more budget. */
int lau_instance_resume(lau_instance *instance, uint64_t extra);
/* Answers the call that a suspended run waits for. 0 if it went well. */
int lau_instance_answer(lau_instance *instance, const char *json, size_t bytes);
int lau_instance_answer_failure(lau_instance *instance, const char *message);

/* Lent. The output of a finished run is plain JSON, null if there is none. The message is what there is to say of the
   last call that ended otherwise than well, empty if it ended well, never null. */
const char *lau_instance_output(lau_instance *instance);
const char *lau_instance_message(const lau_instance *instance);
/* How the last run ended, as JSON, lent; null if none did: `ending`; `trap`, its code; `waits_for`, the builtin that
   answers later; `place` with `function`, `instruction`, `line`, `column`; `used` and `budget` in thousandths;
   `instructions`. What does not apply is null. */
const char *lau_instance_told(lau_instance *instance);
/* Of the whole run, over all its parts. */
uint64_t lau_instance_used(const lau_instance *instance);
uint64_t lau_instance_instructions(const lau_instance *instance);

/* The stopped run as bytes, for lau_instance_restore, `lau resume` and --resume; null if there is none. */
void *lau_instance_snapshot(lau_instance *instance, size_t *bytes);
void lau_snapshot_free(void *snapshot, size_t bytes);

/* What suspends the run of an instance that is in progress, or else the next; from any thread, also in a run. */
lau_canceller *lau_instance_canceller(const lau_instance *instance);
void lau_cancel(const lau_canceller *canceller);
void lau_canceller_free(lau_canceller *canceller);

#ifdef __cplusplus
}
#endif

#endif
