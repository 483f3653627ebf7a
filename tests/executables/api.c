/* What lau.h says, held to it: two programs in one process, misuse, waiting, time, threads. */

#include "asks.h"
#include "endless.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition)                                                                                              \
    do {                                                                                                              \
        if (!(condition)) {                                                                                           \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                                   \
            exit(1);                                                                                                  \
        }                                                                                                             \
    } while (0)

static int says(const lau_instance *instance, const char *words) {
    if (strstr(lau_instance_message(instance), words) != NULL) {
        return 1;
    }
    fprintf(stderr, "no \"%s\" in \"%s\"\n", words, lau_instance_message(instance));
    return 0;
}

static int is(const char *text, const char *wanted) {
    if (text != NULL && strcmp(text, wanted) == 0) {
        return 1;
    }
    fprintf(stderr, "\"%s\" is not \"%s\"\n", text == NULL ? "(null)" : text, wanted);
    return 0;
}

/* ask question: answers later. */
static void ask(lau_call *call) { lau_return_later(call, lau_call_text(call, 0, NULL)); }

/* show values…: what they are, as a text. */
static void show(lau_call *call) {
    char text[500] = "";
    unsigned *calls = lau_call_data(call);
    ++*calls;
    for (size_t i = 0; i < lau_call_count(call); i++) {
        size_t bytes = 0;
        double number = 0;
        int truth = 0;
        char one[100] = "";
        const char *json = lau_call_json(call, i, &bytes);
        CHECK(json != NULL && strlen(json) == bytes);
        switch (lau_call_type(call, i)) {
        case LAU_NUMBER:
            CHECK(lau_call_number(call, i, &number) && !lau_call_bool(call, i, &truth));
            snprintf(one, sizeof one, "number %g %s;", number, json);
            break;
        case LAU_BOOL:
            CHECK(lau_call_bool(call, i, &truth) && !lau_call_number(call, i, &number));
            snprintf(one, sizeof one, "bool %d %s;", truth, json);
            break;
        case LAU_TEXT:
            CHECK(lau_call_text(call, i, &bytes) != NULL);
            snprintf(one, sizeof one, "text of %zu %s;", bytes, json);
            break;
        default:
            CHECK(lau_call_text(call, i, &bytes) == NULL);
            snprintf(one, sizeof one, "%d %s;", lau_call_type(call, i), json);
            break;
        }
        strcat(text, one);
    }
    CHECK(lau_call_type(call, 99) == LAU_NONE && lau_call_json(call, 99, NULL) == NULL);
    lau_return_text(call, text, strlen(text));
}

/* Uses the instance in whose run it is called, which it may not. */
static lau_instance *running;

static void meddle(lau_call *call) {
    size_t bytes = 0;
    CHECK(lau_instance_run(running, 1000) == LAU_MISUSED && lau_instance_resume(running, 1) == LAU_MISUSED);
    CHECK(lau_instance_set_memory(running, "x", "1", 1) == LAU_MISUSED && lau_instance_used(running) == 0);
    CHECK(lau_instance_output(running) == NULL && lau_instance_snapshot(running, &bytes) == NULL);
    CHECK(says(running, "in use"));
    lau_instance_free(running);
    lau_return_null(call);
}

static void not_utf8(lau_call *call) { lau_return_text(call, "\xff", 1); }
static void not_json(lau_call *call) { lau_return_json(call, "{", 1); }
static void silent(lau_call *call) { (void)call; }

static void *cancel(void *canceller) {
    usleep(30000);
    lau_cancel(canceller);
    return NULL;
}

/* A thread with little stack. */
static void *run_small(void *of) {
    lau_instance *instance = of;
    CHECK(lau_instance_run(instance, 1000) == LAU_MISUSED && says(instance, "KiB of stack left"));
    return NULL;
}

static void *run_one(void *of) {
    lau_program *program = of;
    lau_host *host = lau_host_new();
    lau_instance *instance = lau_instance_new(program, host, NULL);
    CHECK(instance != NULL);
    for (int i = 0; i < 50; i++) {
        CHECK(lau_instance_run(instance, 20000) == LAU_EXHAUSTED);
        CHECK(lau_instance_used(instance) <= 20000 && lau_instance_used(instance) > 19000);
    }
    lau_instance_free(instance);
    lau_host_free(host);
    return NULL;
}

int main(void) {
    char *error = NULL;
    static const lau_image nothing;
    CHECK(lau_program_load(&nothing, &error) == NULL && is(error, "this is no compiled program"));
    lau_text_free(error);
    CHECK(lau_program_load(&nothing, NULL) == NULL);
    lau_text_free(NULL);

    lau_program *asks = lau_program_load(&asks_program, &error);
    lau_program *endless = lau_program_load(&endless_program, &error);
    CHECK(asks != NULL && endless != NULL);
    lau_host *host = lau_host_new();
    CHECK(lau_instance_new(asks, host, &error) == NULL && strstr(error, "`ask`") != NULL);
    lau_text_free(error);

    unsigned shown = 0;
    CHECK(lau_host_register(host, "ask", NULL, NULL) == LAU_MISUSED);
    CHECK(lau_host_register(host, "ask", ask, NULL) == 0 && lau_host_register(host, "show", show, &shown) == 0);
    CHECK(lau_host_register(host, "wrong", not_utf8, NULL) == 0);
    lau_instance *instance = lau_instance_new(asks, host, &error);
    CHECK(instance != NULL);

    /* What is not there is no harm. */
    CHECK(lau_program_load(NULL, &error) == NULL && is(error, "there is no image"));
    lau_text_free(error);
    CHECK(lau_instance_new(NULL, host, &error) == NULL && strstr(error, "no program") != NULL);
    lau_text_free(error);
    CHECK(lau_instance_new(asks, NULL, NULL) == NULL && lau_instance_restore(asks, NULL, "", 0, NULL) == NULL);
    CHECK(lau_instance_run(NULL, 1) == LAU_MISUSED && lau_instance_output(NULL) == NULL && says(NULL, "no such"));
    lau_program_free(NULL), lau_host_free(NULL), lau_instance_free(NULL), lau_canceller_free(NULL), lau_cancel(NULL);
    CHECK(lau_host_register(host, NULL, ask, NULL) == LAU_MISUSED);
    CHECK(lau_host_register(host, "", ask, NULL) == LAU_MISUSED);
    CHECK(lau_host_register(host, "\xff", ask, NULL) == LAU_MISUSED);

    /* Before a run there is nothing to go on with. */
    size_t bytes = 0;
    CHECK(lau_instance_resume(instance, 1) == LAU_MISUSED && says(instance, "no stopped run"));
    CHECK(lau_instance_answer(instance, "1", 1) == LAU_MISUSED && says(instance, "no call waits"));
    CHECK(lau_instance_snapshot(instance, &bytes) == NULL && says(instance, "no stopped run"));
    CHECK(lau_instance_output(instance) == NULL);

    CHECK(lau_instance_set_memory(instance, "given", "[1,", 3) == LAU_MISUSED && says(instance, "malformed JSON"));
    CHECK(lau_instance_memory(instance, "given") == NULL);
    CHECK(lau_instance_set_memory(instance, "given", "[true,\"\\u0000é\"]", 16 + 1) == 0);
    CHECK(is(lau_instance_message(instance), ""));
    CHECK(is(lau_instance_memory(instance, "given"), "[true,\"\\u0000é\"]"));

    /* What comes out goes in, as deep as values may be. */
    char deep[401] = "";
    memset(deep, '[', 200), memset(deep + 200, ']', 200);
    CHECK(lau_instance_set_memory(instance, "deep", deep, 400) == 0 && is(lau_instance_memory(instance, "deep"), deep));
    char *deeper = malloc(200000);
    memset(deeper, '[', 200000);
    CHECK(lau_instance_set_memory(instance, "deep", deeper, 200000) == LAU_MISUSED && says(instance, "nests"));
    free(deeper);

    /* Out of energy, waiting, answered, finished. */
    CHECK(lau_instance_run(instance, 0) == LAU_EXHAUSTED && lau_instance_used(instance) == 0);
    CHECK(lau_instance_resume(instance, 0) == LAU_EXHAUSTED && lau_instance_instructions(instance) == 0);
    CHECK(lau_instance_resume(instance, 100000) == LAU_SUSPENDED && says(instance, "how much?"));
    void *snapshot = lau_instance_snapshot(instance, &bytes);
    CHECK(snapshot != NULL && bytes > 50);
    CHECK(lau_instance_answer(instance, "nothing", 7) == LAU_MISUSED && says(instance, "malformed JSON"));
    CHECK(lau_instance_answer(instance, "{\"sum\":2.5}", 11) == 0);
    CHECK(lau_instance_answer(instance, "1", 1) == LAU_MISUSED);
    CHECK(lau_instance_resume(instance, 0) == LAU_FINISHED);
    CHECK(is(lau_instance_output(instance),
             "\"5 {\\\"sum\\\":2.5};4 [true,\\\"\\\\u0000é\\\"];number 2.5 2.5;bool 0 false;text of 4 \\\"hé!\\\";0 null;\""));
    CHECK(is(lau_instance_message(instance), "") && shown == 1);
    CHECK(lau_instance_resume(instance, 1) == LAU_MISUSED);
    uint64_t used = lau_instance_used(instance);

    /* The same from the snapshot; and where the answer is a failure. */
    CHECK(lau_instance_restore(endless, host, snapshot, bytes, &error) == NULL && strstr(error, "another program"));
    lau_text_free(error);
    CHECK(lau_instance_restore(asks, host, "lau-snap", 8, &error) == NULL && strstr(error, "truncated"));
    lau_text_free(error);
    lau_instance *other = lau_instance_restore(asks, host, snapshot, bytes, &error);
    CHECK(other != NULL && lau_instance_instructions(other) == 2);
    CHECK(lau_instance_resume(other, 0) == LAU_SUSPENDED);
    CHECK(lau_instance_answer(other, "{\"sum\":2.5}", 11) == 0 && lau_instance_resume(other, 0) == LAU_FINISHED);
    CHECK(lau_instance_used(other) == used);
    lau_instance_free(other);
    other = lau_instance_restore(asks, host, snapshot, bytes, &error);
    CHECK(lau_instance_answer_failure(other, "nobody knows") == 0);
    CHECK(lau_instance_resume(other, 0) == LAU_TRAPPED && says(other, "nobody knows") && says(other, "line 2"));
    lau_instance_free(other);
    lau_snapshot_free(snapshot, bytes);
    lau_snapshot_free(NULL, 0);

    /* A new run begins from nothing; memory stays. */
    CHECK(lau_instance_run(instance, 50000) == LAU_SUSPENDED && lau_instance_answer(instance, "3", 1) == 0);
    CHECK(lau_host_register(host, "wrong", not_json, NULL) == 0); /* for instances to come */
    CHECK(lau_instance_set_memory(instance, "wrong", "true", 4) == 0);
    CHECK(lau_instance_resume(instance, 0) == LAU_TRAPPED && says(instance, "not UTF-8"));
    other = lau_instance_new(asks, host, &error);
    CHECK(lau_instance_set_memory(other, "wrong", "true", 4) == 0);
    CHECK(lau_instance_run(other, 50000) == LAU_SUSPENDED && lau_instance_answer(other, "3", 1) == 0);
    CHECK(lau_instance_resume(other, 0) == LAU_TRAPPED && says(other, "malformed JSON"));
    lau_instance_free(other);
    CHECK(lau_host_register(host, "wrong", silent, NULL) == 0);
    other = lau_instance_new(asks, host, &error);
    CHECK(lau_instance_set_memory(other, "wrong", "true", 4) == 0);
    CHECK(lau_instance_run(other, 50000) == LAU_SUSPENDED && lau_instance_answer(other, "3", 1) == 0);
    CHECK(lau_instance_resume(other, 0) == LAU_FINISHED && is(lau_instance_output(other), "null"));
    used = lau_instance_used(other);
    lau_instance_free(other);

    /* A builtin may not use the instance that it is called by, and nothing of that is to be seen. */
    CHECK(lau_host_register(host, "wrong", meddle, NULL) == 0);
    running = lau_instance_new(asks, host, &error);
    CHECK(lau_instance_set_memory(running, "wrong", "true", 4) == 0);
    CHECK(lau_instance_run(running, 50000) == LAU_SUSPENDED && lau_instance_answer(running, "3", 1) == 0);
    CHECK(lau_instance_resume(running, 0) == LAU_FINISHED && lau_instance_used(running) == used);
    lau_instance_free(running);

    /* Limits, for instances to come. */
    CHECK(lau_host_set_limit(host, LAU_NESTING, 201) == LAU_MISUSED && lau_host_set_limit(host, 6, 1) == LAU_MISUSED);
    CHECK(lau_host_set_limit(NULL, LAU_NESTING, 1) == LAU_MISUSED);
    CHECK(lau_host_set_limit(host, LAU_NESTING, 1) == 0 && lau_host_set_limit(host, LAU_STACK_VALUES, 3) == 0);
    other = lau_instance_new(asks, host, &error);
    CHECK(lau_instance_told(other) == NULL);
    CHECK(lau_instance_set_memory(other, "x", "[[]]", 4) == LAU_MISUSED && says(other, "Nesting limit"));
    CHECK(lau_instance_run(other, 50000) == LAU_SUSPENDED && lau_instance_answer(other, "3", 1) == 0);
    CHECK(is(lau_instance_told(other), "{\"budget\":50000,\"ending\":\"suspended\",\"instructions\":2,\"place\":"
                                       "{\"column\":1,\"function\":null,\"instruction\":1,\"line\":2},"
                                       "\"trap\":null,\"used\":1100,\"waits_for\":\"ask\"}"));
    CHECK(lau_instance_resume(other, 0) == LAU_TRAPPED && strstr(lau_instance_told(other), "\"stack-limit\"") != NULL);
    lau_instance_free(other);
    CHECK(lau_host_set_limit(host, LAU_NESTING, 200) == 0 && lau_host_set_limit(host, LAU_STACK_VALUES, 1000) == 0);

    /* Time, and another thread. */
    lau_instance *runs = lau_instance_new(endless, host, &error);
    CHECK(runs != NULL);
    lau_instance_set_timeout_ms(runs, 30);
    CHECK(lau_instance_run(runs, UINT64_MAX) == LAU_SUSPENDED);
    lau_instance_set_timeout_ms(runs, 0);
    lau_canceller *canceller = lau_instance_canceller(runs);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, cancel, canceller) == 0);
    CHECK(lau_instance_resume(runs, 0) == LAU_SUSPENDED);
    CHECK(pthread_join(thread, NULL) == 0);
    lau_canceller_free(canceller);
    CHECK(lau_instance_run(runs, 1234567) == LAU_EXHAUSTED && lau_instance_used(runs) == 1234550);

    pthread_attr_t small;
    CHECK(pthread_attr_init(&small) == 0 && pthread_attr_setstacksize(&small, 256 << 10) == 0);
    CHECK(pthread_create(&thread, &small, run_small, runs) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(pthread_attr_destroy(&small) == 0);

    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_create(&threads[i], NULL, run_one, endless) == 0);
    }
    for (int i = 0; i < 4; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }

    /* Programs and hosts may go before their instances. */
    lau_program_free(endless);
    lau_program_free(asks);
    lau_host_free(host);
    CHECK(lau_instance_run(runs, 50) == LAU_EXHAUSTED && lau_instance_instructions(runs) == 1);
    lau_instance_free(runs);
    lau_instance_free(instance);
    puts("all as it says");
    return 0;
}
