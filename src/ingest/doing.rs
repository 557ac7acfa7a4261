//! Words by which activities tell what they are and whether they were done, in the languages of CRMs.

use super::header::{is_in, without_accent};

/// What a status tells of an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It was done.
    Done,
    /// It is still to be done.
    Planned,
    /// It did not come to be: the word of its outcome.
    Void(&'static str),
}

impl Doing {
    const ALL: [Self; 4] =
        [Self::Done, Self::Planned, Self::Void("cancelled"), Self::Void("no_show")];

    /// The word in mappings.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Planned => "planned",
            Self::Void(outcome) => outcome,
        }
    }

    /// What a mapping means by a word.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|doing| doing.as_str() == name)
    }
}

const DONE: &str = "done|completed|complete|finished|held|attended|connected|answered|sent|closed|logged|\
    delivered|received|yes|y|true|1|x|✓|✔|erledigt|abgeschlossen|beendet|ja|wahr|termine|terminee|fait|\
    effectue|effectuee|realise|realisee|oui|vrai|completado|completada|realizado|realizada|hecho|hecha|\
    finalizado|finalizada|si|verdadero|concluido|concluida|feito|feita|sim|verdadeiro|completato|\
    completata|fatto|vero|voltooid|afgerond|gedaan|waar|slutford|klar|zakonczone|wykonane|已完成|完成|完了";

const PLANNED: &str = "planned|open|to do|todo|undone|not started|not done|not completed|incomplete|\
    in progress|deferred|scheduled|upcoming|pending|pending input|draft|queued|unsent|tentative|booked|waiting|waiting on someone else|\
    postponed|rescheduled|overdue|on hold|confirmed|new|n|no|false|0|needs action|offen|geplant|\
    nicht begonnen|in bearbeitung|zuruckgestellt|zu erledigen|nicht erledigt|nein|falsch|a faire|en cours|\
    planifie|planifiee|en attente|non|faux|pendiente|planificado|planificada|programado|programada|\
    abierto|abierta|falso|a fazer|pendente|agendado|agendada|planejado|planejada|aberto|aberta|nao|\
    nao iniciado|nao concluido|nao concluida|da fare|pianificato|gepland|nee|未开始|进行中|未完了|未完成";

const CANCELLED: &str = "cancelled|canceled|aborted|expired|rejected|void|voided|deleted|declined|skipped|not held|abgesagt|storniert|\
    abgebrochen|annule|annulee|cancelado|cancelada|anulado|anulada|annullato|geannuleerd|已取消";

const NO_SHOW: &str = "no show|noshow|did not attend|missed|nicht erschienen|absent";

const CALL: &str = "call|calls|phone call|phonecall|phone|incoming call|outgoing call|cold call|sales call|logged call|call logged|outbound call|inbound call|telephone|\
    anruf|telefonat|appel|llamada|chamada|ligacao|telefonata|chiamata|电话";

const EMAIL: &str = "email|emails|e mail|e mails|mail|incoming email|outgoing email|forwarded email|\
    logged email|email sent|sent email|correo|correo electronico|courriel|邮件";

const MEETING: &str = "meeting|meetings|appointment|appointments|online meeting|in person meeting|event|\
    logged meeting|termin|besprechung|reunion|rendez vous|rdv|cita|reuniao|riunione|会议";

const TASK: &str = "task|tasks|to do|todo|aufgabe|tache|tarea|tarefa|attivita|任务";

/// Lower case, without accents, `_` and `-` as blanks.
fn fold(word: &str) -> String {
    let letters = word.trim().chars().flat_map(char::to_lowercase).map(without_accent);
    let plain: String = letters.map(|c| if matches!(c, '_' | '-') { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a text means, by the words for each meaning.
fn told<T>(text: &str, known: [(&str, T); 4]) -> Option<T> {
    let word = fold(text);
    known.into_iter().find(|(words, _)| is_in(words, &word)).map(|(_, meaning)| meaning)
}

/// What a status tells; none if it is no such word.
pub(super) fn status(text: &str) -> Option<Doing> {
    let [done, planned, cancelled, no_show] = Doing::ALL;
    let known = [(DONE, done), (PLANNED, planned), (CANCELLED, cancelled), (NO_SHOW, no_show)];
    told(text, known)
}

/// `call`, `email`, `meeting` or `task`, by another word for it.
pub(super) fn kind(text: &str) -> Option<&'static str> {
    told(text, [(CALL, "call"), (EMAIL, "email"), (MEETING, "meeting"), (TASK, "task")])
}

/// What the activities of a file are that is called so: `calls_2026`.
pub(super) fn kind_of_file(stem: &str) -> Option<&'static str> {
    let words = stem.split(|c: char| !c.is_alphabetic());
    words.filter(|word| word.len() > 3).find_map(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_kinds_of_many_languages() {
        for word in ["Completed", "Concluído", "Concluída", "erledigt", "✔", "VERDADERO", "Held"]
        {
            assert_eq!(status(word), Some(Doing::Done), "{word}");
        }
        for word in ["Not Started", "in_progress", "À faire", "Pendiente", "geplant", "未开始", "0"]
        {
            assert_eq!(status(word), Some(Doing::Planned), "{word}");
        }
        assert_eq!(status("Annulé"), Some(Doing::Void("cancelled")));
        assert_eq!(status("No-show"), Some(Doing::Void("no_show")));
        assert_eq!((status("left voicemail"), status("")), (None, None));
        assert_eq!((kind("Phone Call"), kind("E-Mail")), (Some("call"), Some("email")));
        assert_eq!((kind("Reunião"), kind("Tâche")), (Some("meeting"), Some("task")));
        assert_eq!((kind("demo"), kind("callback")), (None, None));
        assert_eq!(kind_of_file("hubspot_calls-2026 (1)"), Some("call"));
        assert_eq!((kind_of_file("activities"), kind_of_file("Q1 log")), (None, None));
    }
}
