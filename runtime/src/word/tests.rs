use super::*;
use crate::value::Value;

fn list(heap: &Heap, items: &[f64]) -> Word {
    heap.list(items.iter().map(|n| Word::number(*n)).collect())
}

#[test]
fn values_survive_the_way_in_and_out() {
    let heap = Heap::default();
    let value = Value::from(vec![
        Value::Null,
        Value::from(true),
        Value::from(f64::NEG_INFINITY),
        Value::from("Grüße"),
        Value::Reference("r".into()),
        [("k", Value::from(vec![1.0, 2.0])), ("l", Value::Map(Default::default()))]
            .into_iter()
            .collect(),
    ]);
    let word = heap.word(&value);
    assert_eq!(to_value(&word), value);
    assert_eq!(word.tree_size(), Measure::of(&value).tree);
    assert_eq!(usize::from(word.depth()), Measure::of(&value).depth);
    assert_eq!(heap.live_bytes(), word.tree_size());
    drop(word);
    assert_eq!(heap.live_bytes(), 0);
}

#[test]
fn every_nan_from_outside_is_the_one_nan() {
    let odd = f64::from_bits(0xFFFB_0000_0000_1234);
    assert!(odd.is_nan());
    let word = Word::number_from_outside(odd);
    assert_eq!(word.as_number().map(f64::to_bits), Some(f64::NAN.to_bits()));
    let negated = Word::number(-f64::NAN);
    let Value::Number(n) = to_value(&negated) else { panic!("a number") };
    assert_eq!(n.to_bits(), f64::NAN.to_bits());
}

#[test]
fn holders_decide_what_is_shared() {
    let heap = Heap::default();
    let mut word = list(&heap, &[1.0]);
    assert!(!word.is_shared());
    let other = word.clone();
    assert!(word.is_shared() && word.list_mut().is_none());
    heap.unshare(&mut word);
    assert!(!word.is_shared() && !other.is_shared());
    word.list_mut().unwrap().push(Word::number(2.0));
    assert_eq!(to_value(&other), Value::from(vec![1.0]));
    assert_eq!(to_value(&word), Value::from(vec![1.0, 2.0]));
    assert_eq!(heap.live_bytes(), word.own_size() + other.own_size());
}

#[test]
fn sizes_follow_every_change() {
    let heap = Heap::default();
    let mut outer = list(&heap, &[1.0]);
    assert!(matches!(outer.view(), View::List(l) if l.all_numbers()));
    let inner = heap.list(vec![heap.text("abc")]);
    assert_eq!((inner.own_size(), inner.tree_size(), inner.depth()), (40, 75, 1));
    outer.list_mut().unwrap().push(inner);
    assert_eq!((outer.own_size(), outer.tree_size(), outer.depth()), (48, 123, 2));
    assert!(matches!(outer.view(), View::List(l) if !l.all_numbers()));
    outer.list_mut().unwrap().set(1, Word::NULL);
    assert_eq!((outer.tree_size(), outer.depth()), (48, 2), "the bound stays");
    assert_eq!(heap.live_bytes(), 48);

    let mut map = heap.map(object::Entries::default());
    map.map_mut().unwrap().insert("key", heap.text("v"));
    assert_eq!((map.own_size(), map.tree_size()), (67, 100));
    map.map_mut().unwrap().insert("key", Word::NULL);
    assert_eq!((map.own_size(), map.tree_size()), (67, 67));

    let mut text = heap.text("aé");
    let more = heap.text("ß");
    let View::Text(more) = more.view() else { panic!("a text") };
    text.text_mut().unwrap().push(more);
    assert!(matches!(text.view(), View::Text(t) if t.chars() == 3 && t.as_str() == "aéß"));
}

#[test]
fn constants_are_shared_and_go_with_their_pool() {
    let pool = Constants::new(&[Value::from(vec![Value::from("a"), Value::from(vec![0.0])])]);
    let heap = Heap::default();
    let mut word = pool.get(0).clone();
    assert!(word.is_shared());
    heap.unshare(&mut word);
    assert!(!word.is_shared());
    assert_eq!(heap.live_bytes(), 48, "the copy is one level; its elements are still the pool's");
    drop(word);
    drop(pool);
    assert!(ascii_char(b'x').is_shared());
}

#[test]
fn equality_is_structural_and_nan_spoils_it() {
    let heap = Heap::default();
    let a = list(&heap, &[1.0, -0.0]);
    let b = list(&heap, &[1.0, 0.0]);
    assert!(equal(&a, &b));
    let nan = list(&heap, &[f64::NAN]);
    assert!(!equal(&nan, &nan));
    assert!(!equal(&heap.text("x"), &heap.reference("x")));
    let less = text_order(&heap.text("a"), &heap.text("b"));
    assert_eq!(less, Some(std::cmp::Ordering::Less));
    assert_eq!(text_order(&Word::NULL, &heap.text("b")), None);
}

#[test]
fn objects_may_outlive_their_heap() {
    let heap = Heap::default();
    let word = list(&heap, &[1.0]);
    drop(heap);
    assert_eq!(to_value(&word), Value::from(vec![1.0]));
}
