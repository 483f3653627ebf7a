/* A program in C that has a compiled program of lau do its invoices.

   It provides a builtin, `price`. It runs the program under a budget in small portions: each time the energy is used up
   it decides to give some more, and half-way moves the run to another instance, as it could to another machine.

       lau build invoice.lau --emit obj
       lau build invoice.lau --emit header
       lau build --emit runtime
       cc host.c invoice.o liblau.a -lpthread -lm -ldl -o host
       ./host
*/

#include "invoice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the shop has. */
struct item {
    const char *name;
    double price;
};

struct shop {
    const struct item *items;
    size_t count;
    unsigned asked; /* how often a price was asked for */
};

/* The builtin: `price item`. It is given the shop that it was registered with. */
static void price(lau_call *call) {
    struct shop *shop = lau_call_data(call);
    const char *name = lau_call_text(call, 0, NULL);
    if (lau_call_count(call) != 1 || name == NULL) {
        lau_return_failure(call, "price takes the name of an item");
        return;
    }
    shop->asked++;
    for (size_t i = 0; i < shop->count; i++) {
        if (strcmp(shop->items[i].name, name) == 0) {
            lau_return_number(call, shop->items[i].price);
            return;
        }
    }
    lau_return_failure(call, "no such item");
}

/* What was made, or else the end, with the reason. */
static void *or_stop(void *made, char **error) {
    if (made == NULL) {
        fprintf(stderr, "host: %s\n", *error);
        lau_text_free(*error);
        exit(1);
    }
    return made;
}

/* Units, from the thousandths that energy is counted in. */
static const char *units(char *text, uint64_t energy) {
    sprintf(text, "%llu.%03llu", (unsigned long long)(energy / 1000), (unsigned long long)(energy % 1000));
    return text;
}

int main(void) {
    static const struct item items[] = {{"tea", 3.25}, {"coffee", 4.5}, {"milk", 1.25}, {"sugar", 0.75}};
    static const char orders[] = "[{\"item\":\"tea\",\"count\":4},{\"item\":\"milk\",\"count\":2},"
                                 "{\"item\":\"gold\",\"count\":1},{\"item\":\"coffee\",\"count\":3},"
                                 "{\"item\":\"sugar\",\"count\":8}]";
    struct shop shop = {items, sizeof items / sizeof *items, 0};
    char *error = NULL;
    char number[32];

    lau_program *program = or_stop(lau_program_load(&invoice_program, &error), &error);
    lau_host *host = lau_host_new();
    if (lau_host_register(host, "price", price, &shop) != 0) {
        return 1;
    }
    lau_instance *instance = or_stop(lau_instance_new(program, host, &error), &error);
    if (lau_instance_set_memory(instance, "orders", orders, strlen(orders)) != 0) {
        fprintf(stderr, "host: %s\n", lau_instance_message(instance));
        return 1;
    }

    /* 10 units to begin with, and 6 more each time they are used up, five times at most. */
    int ending = lau_instance_run(instance, 10000);
    for (int portion = 1; ending == LAU_EXHAUSTED && portion <= 5; portion++) {
        printf("exhausted after %s units and %llu instructions: 6 more\n", units(number, lau_instance_used(instance)),
               (unsigned long long)lau_instance_instructions(instance));
        if (portion == 2) {
            size_t bytes = 0;
            void *snapshot = lau_instance_snapshot(instance, &bytes);
            if (snapshot == NULL) {
                fprintf(stderr, "host: %s\n", lau_instance_message(instance));
                return 1;
            }
            lau_instance_free(instance);
            instance = or_stop(lau_instance_restore(program, host, snapshot, bytes, &error), &error);
            lau_snapshot_free(snapshot, bytes);
            printf("moved to another instance\n");
        }
        ending = lau_instance_resume(instance, 6000);
    }
    switch (ending) {
    case LAU_FINISHED:
        printf("%s\n", lau_instance_output(instance));
        break;
    case LAU_EXHAUSTED:
        printf("given up\n");
        break;
    default:
        printf("it did not end well: %s\n", lau_instance_message(instance));
        break;
    }
    printf("%s units, %llu instructions, asked for %u prices\n", units(number, lau_instance_used(instance)),
           (unsigned long long)lau_instance_instructions(instance), shop.asked);

    lau_instance_free(instance);
    lau_host_free(host);
    lau_program_free(program);
    return ending == LAU_FINISHED ? 0 : 1;
}
