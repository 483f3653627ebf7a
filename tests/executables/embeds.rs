//! Compiled programs in programs in C.

use crate::support::{Place, repository};

const LIBRARIES: &str = "-lpthread -lm -ldl";

/// Builds a program for C, and the runtime.
fn for_c(place: &Place, programs: &[&str]) {
    for program in programs {
        place.lau(&format!("build {program} --emit obj")).well();
        place.lau(&format!("build {program} --emit header")).well();
    }
    place.lau("build --emit runtime").well();
}

/// The example in C: a builtin, a budget in portions, a run that moves to another instance.
#[test]
fn the_example_does_its_invoices() {
    let place = Place::new();
    let file = |name: &str| repository(&format!("examples/embed/{name}")).display().to_string();
    for_c(&place, &[&file("invoice.lau")]);
    place.cc(&format!("{} invoice.o liblau.a {LIBRARIES} -o host", file("host.c")));
    let ran = place.built("host", "").well();
    assert_eq!(
        ran.stdout,
        "exhausted after 9.944 units and 65 instructions: 6 more\n\
         exhausted after 15.502 units and 106 instructions: 6 more\n\
         moved to another instance\n\
         exhausted after 21.627 units and 137 instructions: 6 more\n\
         exhausted after 27.085 units and 177 instructions: 6 more\n\
         {\"lines\":[{\"amount\":13,\"item\":\"tea\"},{\"amount\":2.5,\"item\":\"milk\"},\
         {\"amount\":13.5,\"item\":\"coffee\"},{\"amount\":6,\"item\":\"sugar\"}],\
         \"total\":35,\"unknown\":[\"gold\"]}\n\
         33.906 units, 221 instructions, asked for 5 prices\n"
    );
}

const ASKS: &str = "\
push \"how much?\"
call ask 1
store answer
load wrong
jump_false well
call wrong 0
return
well:
load answer
load given
push 2.5
push false
push \"hé!\"
push null
call show 6
";

#[test]
fn the_interface_does_what_it_says() {
    let place = Place::new();
    place.file("asks.lau", ASKS);
    place.file("endless.lau", "again:\njump again");
    for_c(&place, &["asks.lau", "endless.lau"]);
    place.cc(&format!(
        "-D_DEFAULT_SOURCE {} asks.o endless.o liblau.a {LIBRARIES} -o api",
        repository("tests/executables/api.c").display()
    ));
    assert_eq!(place.built("api", "").well().stdout, "all as it says\n");
}

#[test]
fn the_header_is_also_one_of_cplusplus() {
    let place = Place::new();
    place.file("endless.lau", "again:\njump again");
    place.lau("build endless.lau --emit header --name forever").well();
    let text = "#include \"endless.h\"\nconst void *f(void) { return &forever_program; }\n";
    place.file("a.cpp", text);
    place.file("a.c", text);
    place.cc("-c a.c");
    // Names that differ in case alone are two.
    place.lau("build endless.lau --emit header --name Forever -o Endless.h").well();
    place.file("b.c", "#include \"endless.h\"\n#include \"Endless.h\"\nconst void *f(int n) { return n ? &forever_program : &Forever_program; }\n");
    place.cc("-c b.c");
    match place.command("c++").args(["-Wall", "-Werror", "-c", "a.cpp"]).output() {
        Ok(ran) => assert!(ran.status.success(), "{ran:?}"),
        Err(error) => println!("there is no C++ to read the header: {error}"),
    }
}
