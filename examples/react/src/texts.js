/** What the page says, in its languages. */

export const TEXTS = {
  en: {
    direction: "ltr",
    loading: "Loading your dashboard…",
    away: "The feature service does not answer. You see the standard dashboard.",
    kept: "The feature service does not answer. You see what it said last.",
    refused: "The feature service refuses this page's key. You see the standard dashboard.",
    misconfigured: "This page is not set up: config.json does not say where Flagsmith is.",
    languages: "Language",
    hello: "Hello,",
    name: "Name",
    premium: "Premium",
    logIn: "Log in",
    titles: {
      original_dashboard: "Season overview",
      new_dashboard_v1: "Your season at a glance",
      new_dashboard_v2: "Your season, match by match",
    },
    live: "Live",
    match: "Match",
    goals: "Goals",
    shots: "Shots on target",
    chances: "Big chances",
    average: "average per match",
    advanced: "Advanced analytics",
    conversion: (percent) => `${percent} of the shots on target were goals.`,
  },
  he: {
    direction: "rtl",
    loading: "לוח הבקרה נטען…",
    away: "שירות התכונות אינו עונה. מוצג לוח הבקרה הרגיל.",
    kept: "שירות התכונות אינו עונה. מוצג מה שאמר לאחרונה.",
    refused: "שירות התכונות דוחה את המפתח של דף זה. מוצג לוח הבקרה הרגיל.",
    misconfigured: "הדף אינו מוגדר: הקובץ config.json אינו אומר היכן נמצא Flagsmith.",
    languages: "שפה",
    hello: "שלום,",
    name: "שם",
    premium: "פרימיום",
    logIn: "כניסה",
    titles: {
      original_dashboard: "סקירת העונה",
      new_dashboard_v1: "העונה שלך במבט אחד",
      new_dashboard_v2: "העונה שלך, משחק אחר משחק",
    },
    live: "שידור חי",
    match: "משחק",
    goals: "שערים",
    shots: "בעיטות למסגרת",
    chances: "הזדמנויות גדולות",
    average: "ממוצע למשחק",
    advanced: "ניתוח מתקדם",
    conversion: (percent) => `${percent} מהבעיטות למסגרת הסתיימו בשער.`,
  },
};

/** The languages, each by its own name. */
export const NAMES = { en: "English", he: "עברית" };
