// attack: watches files by fanotify
// stopped: says stopped: Operation not permitted
// layers: filter
// lift: filter
// evidence: word
#include "attack.h"
#include <sys/fanotify.h>

int main(void) {
    must(fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
    puts("reached a group of watches");
}
